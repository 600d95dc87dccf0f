/**
 * The route table behind Hono's router: every request is given an id, admitted, run, answered, and
 * told to whoever observes. Errors become answers here and nowhere else.
 */
import type { IncomingMessage } from "node:http";
import type { HttpBindings } from "@hono/node-server";
import type { EngineClient, Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { Hono, type Context } from "hono";
import type { Caller } from "../access/caller.ts";
import { headerOf, type Admission } from "./admission.ts";
import { readJson } from "./body.ts";
import type { Finished, Observer } from "./finished.ts";
import { asPerdureError, refusal } from "./refusal.ts";
import type { RawAsk, RegisteredRoute } from "./route.ts";
import { targetOf } from "./target-of.ts";
import type { RequestTrace, Tracing } from "../telemetry/tracing.ts";

export interface AppParts {
  readonly routes: readonly RegisteredRoute[];
  /** Answered without a credential: documents, health. */
  readonly open: readonly OpenPage[];
  readonly admission: Admission;
  readonly env: Env;
  readonly newId: () => string;
  readonly within: (caller: Caller) => EngineClient;
  /** Ends when the server begins to close. */
  readonly closing: AbortSignal;
  readonly observe: Observer;
  readonly tracing: Pick<Tracing, "begin">;
}

export interface OpenPage {
  readonly path: string;
  readonly answer: (request: IncomingMessage) => Promise<Response>;
}

type Bindings = { Bindings: HttpBindings };
type Ctx = Context<Bindings>;

/** For an API: nothing is cached, framed, sniffed or run. */
const safeHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/** What becomes known of a request while it is handled. */
type Notes = { -readonly [K in "operation" | "caller" | "target" | "code"]: Finished[K] } & {
  trace?: RequestTrace;
};

export function createApp(parts: AppParts): Hono<Bindings> {
  const app = new Hono<Bindings>();
  for (const route of parts.routes) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ":$1");
    app.on(route.method, path, (context) =>
      handled(parts, context, async (requestId, notes) => {
        notes.operation = route.operation;
        const { incoming } = context.env;
        const trace = parts.tracing.begin(incoming, route.path);
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

type Work = (requestId: string, notes: Notes) => Promise<Response>;

async function handled(parts: AppParts, context: Ctx, work: Work): Promise<Response> {
  const { env, admission, newId, observe } = parts;
  const { incoming } = context.env;
  const began = env.monotonic();
  const requestId = newId();
  const notes: Notes = {
    operation: undefined,
    caller: undefined,
    target: undefined,
    code: undefined,
  };
  let response: Response;
  try {
    admission.checkShape(incoming);
    response = await work(requestId, notes);
  } catch (thrown) {
    const error = asPerdureError(thrown, requestId);
    if (error !== thrown) env.log("error", "a request failed", { requestId, error: thrown });
    notes.code = error.code;
    response = refusal(error, requestId);
  }
  for (const [name, value] of Object.entries(safeHeaders)) response.headers.set(name, value);
  response.headers.set("perdure-request-id", requestId);
  if (parts.closing.aborted) response.headers.set("connection", "close");
  const { trace, ...known } = notes;
  const finished: Finished = {
    ...known,
    requestId,
    method: incoming.method ?? "",
    status: response.status,
    address: incoming.socket.remoteAddress ?? "",
    durationMs: env.monotonic() - began,
  };
  observe(finished);
  trace?.end(finished);
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
    signal: AbortSignal.any([req.raw.signal, parts.closing, unwelcome.signal]),
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
