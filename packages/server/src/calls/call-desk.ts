/**
 * The route table behind a socket: every call is admitted, checked and attended to as a request of
 * HTTP is. Only who asks was found out before, when the connection was made.
 */
import type { IncomingMessage } from "node:http";
import type { EngineClient } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { operations, pathOf, type Operation, type PathParams, type WireCall } from "@perdure/wire";
import type { Caller } from "../access/caller.ts";
import { refusalAnswer, type Answer } from "../http/answer.ts";
import { attend, type Attended, type Notes } from "../http/attend.ts";
import type { DoorParts } from "../http/door.ts";
import type { RegisteredRoute } from "../http/route.ts";
import { checkTarget } from "../http/target.ts";
import type { ServerLimits } from "../limits.ts";
import { callAsk } from "./call-ask.ts";

export interface CallDeskParts extends DoorParts {
  readonly limits: ServerLimits;
}

/** Whose calls they are. */
export interface Customer {
  readonly caller: Caller;
  /** Everything the caller's namespace may do. */
  readonly engine: EngineClient;
  /** The request that opened the connection. */
  readonly request: IncomingMessage;
  readonly address: string;
}

export class CallDesk {
  readonly #parts: CallDeskParts;
  readonly #routes: ReadonlyMap<string, RegisteredRoute>;

  constructor(parts: CallDeskParts) {
    this.#parts = parts;
    this.#routes = new Map(parts.routes.map((route) => [route.operation, route]));
  }

  customer(caller: Caller, request: IncomingMessage): Customer {
    const address = request.socket.remoteAddress ?? "";
    return { caller, engine: this.#parts.within(caller), request, address };
  }

  /** Never rejects. */
  attend(customer: Customer, call: WireCall, signal: () => AbortSignal): Promise<Attended<Answer>> {
    const route = this.#routes.get(call.operation);
    const from = { method: route?.method ?? "", address: customer.address };
    const work = async (requestId: string, notes: Notes): Promise<Answer> => {
      notes.caller = customer.caller;
      return this.#run(customer, routeOf(route, call), call, { requestId, notes, signal });
    };
    return attend<Answer>(this.#parts, from, work, refusalAnswer);
  }

  async #run(
    customer: Customer,
    route: RegisteredRoute,
    call: WireCall,
    known: {
      readonly requestId: string;
      readonly notes: Notes;
      readonly signal: () => AbortSignal;
    },
  ): Promise<Answer> {
    const { admission, tracing, limits, closing } = this.#parts;
    const { operation, method } = route;
    known.notes.operation = operation;
    const path = pathOf(operation, call.params as PathParams<Operation>);
    const target = call.query === "" ? path : `${path}?${call.query}`;
    const asked = { method, target, route: route.path, headers: call.headers ?? {} };
    const trace = tracing.begin(customer.request, asked);
    known.notes.trace = trace;
    admission.admitCall(customer.caller, route.roles);
    if (closing.aborted) throw leaving();
    checkParams(operation, call);
    // As the URL would be, looked at as URLs are (trap T6).
    checkTarget(target, limits.urlChars);
    const { caller, engine } = customer;
    return route.run(callAsk({ call, caller, engine, trace, ...known }));
  }
}

/** What answers JSON to JSON; the others are streams, and have a request of their own. */
function routeOf(route: RegisteredRoute | undefined, call: WireCall): RegisteredRoute {
  if (route === undefined) {
    const text = `There is no operation "${call.operation}" here: see /openapi.json.`;
    throw new PerdureError("not-found", text);
  }
  if (route.media === undefined && route.bodyMedia === undefined) return route;
  const text = `${route.operation} is not called over a socket: send ${route.method} ${route.path}.`;
  throw new PerdureError("invalid-argument", text);
}

function checkParams(operation: Operation, { params }: WireCall): void {
  for (const name of Object.keys(params)) {
    if (operations[operation].path.includes(`{${name}}`)) continue;
    const text = `The path of ${operation} has no "${name.slice(0, 64)}": leave it out.`;
    throw new PerdureError("invalid-argument", text);
  }
}

function leaving(): PerdureError {
  return new PerdureError("unavailable", "The server is closing: ask again in a moment.");
}
