/**
 * One of Restate's doors as an HTTP app: every request is given an id, admitted, answered by the
 * door, and told to whoever observes.
 *
 * D1  Nothing reaches a door before its caller is known and may do this (trap T2).
 * D2  A door gets an engine of the caller's namespace and no other (trap T1).
 */
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { PerdureError } from "@perdure/kernel";
import type { DoorAnswer, DoorCaller, DoorRequest } from "@perdure/protocol-restate";
import { Hono, type Context } from "hono";
import type { Caller } from "../access/caller.ts";
import { headerOf } from "../http/admission.ts";
import { safeHeaders } from "../http/app.ts";
import { attend, type Notes } from "../http/attend.ts";
import type { DoorParts } from "../http/door.ts";
import { refusalHeaders } from "../http/refusal.ts";
import type { Stays } from "../http/stays.ts";
import type { DoorOrigins } from "./door-origin.ts";
import { PlainRequest } from "./plain-request.ts";
import { restatePolicy, type RestateOperation } from "./restate-policy.ts";

export interface RestateDoor {
  readonly answer: (asked: Asked, caller: DoorCaller) => Promise<Response | DoorAnswer>;
  /** Undefined: there is nothing at this path, which the door says in its own words. */
  readonly operationOf: (method: string, path: string) => RestateOperation | undefined;
  /** An error in the door's shape. */
  readonly refused: (error: PerdureError) => Response | DoorAnswer;
}

/** The same request twice: as little as there has to be of it, and as the web has it. */
export interface Asked {
  readonly plain: DoorRequest;
  readonly web: () => Request;
}

export interface RestateDoorParts extends Omit<DoorParts, "routes"> {
  readonly door: RestateDoor;
  readonly waits: Stays;
  readonly origins: DoorOrigins;
  /** Of callers who may name any namespace and name none. */
  readonly namespace: string;
}

type Bindings = { Bindings: HttpBindings };
type Ctx = Context<Bindings>;

export function createDoorApp(parts: RestateDoorParts): Hono<Bindings> {
  const app = new Hono<Bindings>();
  app.all("*", async (context) => {
    const { incoming } = context.env;
    const { method = "", socket } = incoming;
    const from = { method, address: socket.remoteAddress ?? "" };
    const work = async (_: string, notes: Notes): Promise<Response | DoorAnswer> => {
      parts.admission.checkShape(incoming);
      return parts.origins.preflight(incoming) ?? admitted(parts, context, notes);
    };
    const { answer, requestId, error } = await attend(parts, from, work, parts.door.refused);
    const headers = {
      ...safeHeaders,
      ...parts.origins.headers(incoming),
      ...(error === undefined ? {} : refusalHeaders(error, requestId)),
      "perdure-request-id": requestId,
      ...(parts.closing.aborted ? { connection: "close" } : {}),
    };
    if (!(answer instanceof Response)) return send(context.env.outgoing, answer, headers);
    for (const [name, value] of Object.entries(headers)) answer.headers.set(name, value);
    return answer;
  });
  return app;
}

/** Written as it is: what the web's own Response would go through costs more than a small call. */
function send(
  outgoing: HttpBindings["outgoing"],
  { status, headers, body }: DoorAnswer,
  more: Readonly<Record<string, string>>,
): Response {
  const bytes = body === undefined ? 0 : Buffer.byteLength(body);
  outgoing.writeHead(status, { ...headers, ...more, "content-length": String(bytes) });
  outgoing.end(body);
  return RESPONSE_ALREADY_SENT;
}

async function admitted(
  parts: RestateDoorParts,
  context: Ctx,
  notes: Notes,
): Promise<Response | DoorAnswer> {
  const { incoming, outgoing } = context.env;
  const { method = "", url: target = "", headers } = incoming;
  const [path = ""] = target.split("?", 1);
  const operation = parts.door.operationOf(method, path);
  notes.operation = operation;
  const route = operation ?? "restate.none";
  notes.trace = parts.tracing.begin(incoming, { method, target, route, headers });
  const roles = restatePolicy[operation ?? "restate.health"];
  const caller = within(parts, await parts.admission.admit(incoming, roles), context);
  notes.caller = caller;
  const asked = { plain: new PlainRequest(incoming, outgoing), web: () => context.req.raw };
  const answer = await parts.door.answer(asked, doorCaller(parts, caller, context, asked.plain));
  const { headers: fields } = answer;
  notes.target = fields instanceof Headers ? undefined : fields["x-restate-id"];
  return answer;
}

/** The namespace is the credential's; who may name any is in the door's unless they say otherwise. */
function within({ namespace }: RestateDoorParts, caller: Caller, { env }: Ctx): Caller {
  const isNamed = headerOf(env.incoming, "perdure-namespace") !== undefined;
  return caller.anyNamespace && !isNamed ? { ...caller, namespace } : caller;
}

function doorCaller(
  parts: RestateDoorParts,
  caller: Caller,
  { env }: Ctx,
  request: DoorRequest,
): DoorCaller {
  const { namespace, by, id } = caller;
  return {
    engine: parts.within(caller),
    namespace,
    by,
    stay: () => {
      const leave = parts.waits.take(id);
      const over = new AbortController();
      const forget = parts.admission.watch(env.incoming, (reason) => over.abort(reason));
      const sources = [request.signal, parts.closing];
      const end = (): void => over.abort(sources.find(({ aborted }) => aborted)?.reason);
      for (const source of sources) source.addEventListener("abort", end, { once: true });
      if (sources.some(({ aborted }) => aborted)) end();
      return {
        signal: over.signal,
        leave: () => {
          leave();
          forget();
          for (const source of sources) source.removeEventListener("abort", end);
        },
      };
    },
  };
}
