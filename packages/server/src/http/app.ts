/**
 * The route table behind Hono's router: every request is given an id, admitted, run, answered, and
 * told to whoever observes.
 */
import type { IncomingMessage } from "node:http";
import type { HttpBindings } from "@hono/node-server";
import { PerdureError } from "@perdure/kernel";
import { Hono, type Context } from "hono";
import type { Caller } from "../access/caller.ts";
import { headerOf } from "./admission.ts";
import { refusalAnswer, responseOf, type Answer } from "./answer.ts";
import { attend, type Notes } from "./attend.ts";
import { readJson } from "./body.ts";
import type { DoorParts } from "./door.ts";
import { refusalHeaders } from "./refusal.ts";
import type { RawAsk } from "./route.ts";
import { targetOf } from "./target-of.ts";
import type { RequestTrace } from "../telemetry/tracing.ts";

export interface AppParts extends DoorParts {
  /** Answered without a credential: documents, health. */
  readonly open: readonly OpenPage[];
}

export interface OpenPage {
  readonly path: string;
  readonly answer: (request: IncomingMessage) => Promise<Answer>;
}

type Bindings = { Bindings: HttpBindings };
type Ctx = Context<Bindings>;

/** For an API: nothing is cached, framed, sniffed or run. */
export const safeHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

export function createApp(parts: AppParts): Hono<Bindings> {
  const app = new Hono<Bindings>();
  for (const route of parts.routes) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ":$1");
    app.on(route.method, path, (context) =>
      handled(parts, context, async (requestId, notes) => {
        notes.operation = route.operation;
        const { incoming } = context.env;
        const { method = "", url: target = "", headers } = incoming;
        const asked = { method, target, route: route.path, headers };
        const trace = parts.tracing.begin(incoming, asked);
        notes.trace = trace;
        const caller = await parts.admission.admit(incoming, route.roles);
        notes.caller = caller;
        return route.run(askOf(parts, { context, caller, requestId, notes, trace }));
      }),
    );
  }
  for (const { path, answer } of parts.open) {
    app.get(path, (context) => handled(parts, context, () => answer(context.env.incoming)));
  }
  app.notFound((context) => handled(parts, context, () => Promise.reject(noSuchPath(context))));
  return app;
}

async function handled(
  parts: AppParts,
  context: Ctx,
  work: (requestId: string, notes: Notes) => Promise<Answer>,
): Promise<Response> {
  const { incoming } = context.env;
  const { method = "", socket } = incoming;
  const from = { method, address: socket.remoteAddress ?? "" };
  const checked: typeof work = async (...known) => {
    parts.admission.checkShape(incoming);
    return work(...known);
  };
  const attended = await attend<Answer>(parts, from, checked, refusalAnswer);
  const { answer, requestId, error } = attended;
  const response = responseOf(answer);
  const more = error === undefined ? {} : refusalHeaders(error, requestId);
  for (const [name, value] of Object.entries({ ...safeHeaders, ...more })) {
    response.headers.set(name, value);
  }
  response.headers.set("perdure-request-id", requestId);
  if (parts.closing.aborted) response.headers.set("connection", "close");
  return response;
}

interface Taken {
  readonly context: Ctx;
  readonly caller: Caller;
  readonly requestId: string;
  readonly notes: Notes;
  readonly trace: RequestTrace;
}

function askOf(parts: AppParts, { context, caller, requestId, notes, trace }: Taken): RawAsk {
  const { req, env } = context;
  const params = req.param() as Readonly<Record<string, string>>;
  const query = new URL(req.url).searchParams;
  notes.target = targetOf(params, query);
  const unwelcome = new AbortController();
  return {
    caller,
    requestId,
    trace,
    engine: parts.within(caller),
    params,
    query,
    header: (name) => headerOf(env.incoming, name),
    signal: () => AbortSignal.any([req.raw.signal, parts.closing, unwelcome.signal]),
    stay: () => {
      const leave = parts.admission.live.take(caller.id);
      const forget = parts.admission.watch(env.incoming, (reason) => unwelcome.abort(reason));
      return () => {
        leave();
        forget();
      };
    },
    bytes: req.raw.body,
    async json() {
      const body = await readJson(req.raw);
      notes.target ??= targetOf(body);
      return body;
    },
  };
}

function noSuchPath({ req }: Ctx): PerdureError {
  const text = `There is no ${req.method} ${req.path.slice(0, 200)} here: see /openapi.json.`;
  return new PerdureError("not-found", text);
}
