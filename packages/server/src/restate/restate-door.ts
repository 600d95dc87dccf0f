/**
 * One of Restate's doors as an HTTP app: every request is given an id, admitted, answered by the
 * door, and told to whoever observes.
 *
 * D1  Nothing reaches a door before its caller is known and may do this (trap T2).
 * D2  A door gets an engine of the caller's namespace and no other (trap T1).
 */
import type { HttpBindings } from "@hono/node-server";
import type { PerdureError } from "@perdure/kernel";
import type { DoorCaller } from "@perdure/protocol-restate";
import { Hono, type Context } from "hono";
import type { Caller } from "../access/caller.ts";
import { headerOf, type Admission } from "../http/admission.ts";
import { responseOf } from "../http/answer.ts";
import { safeHeaders } from "../http/app.ts";
import { attend, type Notes } from "../http/attend.ts";
import type { DoorParts } from "../http/door.ts";
import { refusalHeaders } from "../http/refusal.ts";
import type { Stays } from "../http/stays.ts";
import type { DoorOrigins } from "./door-origin.ts";
import { restatePolicy, type RestateOperation } from "./restate-policy.ts";

export interface RestateDoor {
  readonly answer: (request: Request, caller: DoorCaller) => Promise<Response>;
  /** Undefined: there is nothing at this path, which the door says in its own words. */
  readonly operationOf: (method: string, path: string) => RestateOperation | undefined;
  /** An error in the door's shape. */
  readonly refused: (error: PerdureError) => Response;
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
    const { refused } = parts.door;
    const attended = await attend({ ...parts, refused }, from, async (_, notes) => {
      parts.admission.checkShape(incoming);
      const preflight = parts.origins.preflight(incoming);
      return preflight ?? admitted(parts, context, notes);
    });
    const { answer, requestId, error } = attended;
    const response = responseOf(answer);
    const cors = parts.origins.headers(incoming);
    const more = error === undefined ? {} : refusalHeaders(error, requestId);
    for (const [name, value] of Object.entries({ ...safeHeaders, ...cors, ...more })) {
      response.headers.set(name, value);
    }
    response.headers.set("perdure-request-id", requestId);
    if (parts.closing.aborted) response.headers.set("connection", "close");
    return response;
  });
  return app;
}

async function admitted(parts: RestateDoorParts, context: Ctx, notes: Notes): Promise<Response> {
  const { incoming } = context.env;
  const { method = "", url: target = "", headers } = incoming;
  const [path = ""] = target.split("?", 1);
  const operation = parts.door.operationOf(method, path);
  notes.operation = operation;
  const route = operation ?? "restate.none";
  notes.trace = parts.tracing.begin(incoming, { method, target, route, headers });
  const roles = restatePolicy[operation ?? "restate.health"];
  const caller = within(parts, await parts.admission.admit(incoming, roles), context);
  notes.caller = caller;
  const { raw } = context.req;
  const response = await parts.door.answer(raw, doorCaller(parts, caller, context));
  notes.target = response.headers.get("x-restate-id") ?? undefined;
  return response;
}

/** The namespace is the credential's; who may name any is in the door's unless they say otherwise. */
function within({ namespace }: RestateDoorParts, caller: Caller, { env }: Ctx): Caller {
  const isNamed = headerOf(env.incoming, "perdure-namespace") !== undefined;
  return caller.anyNamespace && !isNamed ? { ...caller, namespace } : caller;
}

function doorCaller(parts: RestateDoorParts, caller: Caller, { req, env }: Ctx): DoorCaller {
  const { namespace, by, id } = caller;
  return {
    engine: parts.within(caller),
    namespace,
    by,
    stay: () => {
      const leave = parts.waits.take(id);
      const unwelcome = new AbortController();
      const forget = watch(parts.admission, env, unwelcome);
      const signals = [req.raw.signal, parts.closing, unwelcome.signal];
      return {
        signal: AbortSignal.any(signals),
        leave: () => {
          leave();
          forget();
        },
      };
    },
  };
}

function watch(admission: Admission, env: HttpBindings, unwelcome: AbortController): () => void {
  return admission.watch(env.incoming, (reason) => unwelcome.abort(reason));
}
