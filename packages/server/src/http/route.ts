/**
 * A route, as a row of a table: what it is called, what it takes, what it answers, and the function
 * between. Method and path are the wire's, roles are the policy's: neither is said here again.
 *
 * R1  A handler gets an engine of the caller's namespace and no other (trap T1).
 * R2  What a handler gets has been checked against the schemas beside it, unknown fields refused.
 * R3  A route whose operation has no policy does not register (trap T2).
 */
import type { EngineClient } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { operations, toJson, type ApiPath, type Operation, type PathParams } from "@perdure/wire";
import type { ZodType } from "zod";
import type { Caller } from "../access/caller.ts";
import type { Policy, Role } from "../access/roles.ts";
import type { RequestTrace } from "../telemetry/tracing.ts";
import { jsonAnswer, type Answer } from "./answer.ts";
import { checkInput } from "./input.ts";

/** What every handler is given. */
export interface Asked {
  readonly caller: Caller;
  /** Everything the caller's namespace may do. */
  readonly engine: EngineClient;
  readonly requestId: string;
  readonly trace: Pick<RequestTrace, "headers" | "about">;
  /** A field of the request's header. */
  readonly header: (name: string) => string | undefined;
  /** Ends when the caller has gone, or when the server closes. */
  readonly signal: () => AbortSignal;
  /** Counts a request that stays a while; the result ends it. Throws `overloaded`. */
  readonly stay: () => () => void;
}

export interface Ask<O extends Operation, Q, B> extends Asked {
  readonly params: PathParams<O>;
  readonly query: Q;
  readonly body: B;
}

/** What the listener hands to a route. */
export interface RawAsk extends Asked {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The bytes as they come, unbounded. */
  readonly bytes: ReadableStream<Uint8Array> | null;
  /** The parsed body: bounded in bytes and depth. */
  readonly json: () => Promise<unknown>;
}

/** What documents say beside the schemas. */
interface Words {
  readonly summary: string;
  readonly description?: string;
  /** A body, or the query, that works. */
  readonly example?: unknown;
}

interface Inputs<O extends Operation, Q, B> extends Words {
  readonly operation: O;
  readonly query?: ZodType<Q>;
  readonly body?: ZodType<B>;
}

/** Answers JSON, with status 200 unless said otherwise. */
export interface JsonRoute<O extends Operation, Q, B, A> extends Inputs<O, Q, B> {
  readonly answer: ZodType;
  readonly status?: 200 | 201;
  readonly answerExample?: unknown;
  /** The answer is JSON already: nothing in it is a payload, whatever its fields are called. */
  readonly plain?: true;
  readonly handle: (ask: Ask<O, Q, B>) => Promise<A>;
}

/** Answers 204 once it is done. */
export interface SilentRoute<O extends Operation, Q, B> extends Inputs<O, Q, B> {
  readonly handle: (ask: Ask<O, Q, B>) => Promise<void>;
}

/** Answers by itself; `media` is the type of what it sends. */
export interface StreamRoute<O extends Operation, Q> extends Words {
  readonly operation: O;
  readonly query?: ZodType<Q>;
  readonly media: "text/event-stream" | "application/x-ndjson";
  readonly handle: (ask: Ask<O, Q, undefined> & Pick<RawAsk, "bytes">) => Promise<Response>;
}

/** Takes lines of JSON as they come, and answers JSON. */
export interface LinesRoute<O extends Operation> extends Words {
  readonly operation: O;
  readonly answer: ZodType;
  readonly handle: (
    ask: Ask<O, undefined, undefined> & { readonly bytes: AsyncIterable<Uint8Array> },
  ) => Promise<unknown>;
}

export interface Route extends Words {
  readonly operation: Operation;
  readonly query?: ZodType;
  readonly body?: ZodType;
  readonly status: number;
  readonly answer?: ZodType;
  readonly answerExample?: unknown;
  /** Of the body, where it is not JSON. */
  readonly bodyMedia?: string;
  /** Of the answer; absent: JSON, or nothing at all. */
  readonly media?: string;
  readonly run: (ask: RawAsk) => Promise<Answer>;
}

/** A route that has its place in the API and a policy. */
export interface RegisteredRoute extends Route, ApiPath {
  readonly roles: readonly Role[];
}

export function jsonRoute<O extends Operation, Q = undefined, B = undefined, A = unknown>(
  spec: JsonRoute<O, Q, B, A>,
): Route {
  const { handle, status = 200, plain, ...rest } = spec;
  const run = async (ask: RawAsk): Promise<Answer> => {
    const answer = await handle(await inputs(spec, ask));
    return jsonAnswer(plain ? answer : toJson(answer), status);
  };
  return { ...rest, status, run };
}

export function silentRoute<O extends Operation, Q = undefined, B = undefined>(
  spec: SilentRoute<O, Q, B>,
): Route {
  const { handle, ...rest } = spec;
  const run = async (ask: RawAsk): Promise<Answer> => {
    await handle(await inputs(spec, ask));
    return { status: 204 };
  };
  return { ...rest, status: 204, run };
}

export function streamRoute<O extends Operation, Q = undefined>(spec: StreamRoute<O, Q>): Route {
  const { handle, ...rest } = spec;
  const run = async (ask: RawAsk): Promise<Answer> => {
    const checked = await inputs<O, Q, undefined>(spec, { ...ask, json: undefinedBody });
    return handle({ ...checked, bytes: ask.bytes });
  };
  return { ...rest, status: 200, run };
}

const NDJSON = "application/x-ndjson";

export function linesRoute<O extends Operation>(spec: LinesRoute<O>): Route {
  const { handle, ...rest } = spec;
  const run = async (ask: RawAsk): Promise<Answer> => {
    // As with JSON, a type that no page can send without asking first.
    if (ask.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase() !== NDJSON) {
      const text = `The body must be lines of JSON: send the header content-type: ${NDJSON}.`;
      throw new PerdureError("invalid-argument", text);
    }
    const checked = await inputs<O, undefined, undefined>({}, { ...ask, json: undefinedBody });
    const bytes = (ask.bytes ?? []) as AsyncIterable<Uint8Array>;
    return jsonAnswer(await handle({ ...checked, bytes }));
  };
  return { ...rest, bodyMedia: NDJSON, status: 200, run };
}

/** Refuses a route without a policy, a route twice, and an operation without a route. */
export function register(routes: readonly Route[], policy: Policy): readonly RegisteredRoute[] {
  const seen = new Set<Operation>();
  const rows = routes.map((route): RegisteredRoute => {
    const { operation } = route;
    const allowed = Object.hasOwn(policy, operation) ? policy[operation] : [];
    if (allowed.length === 0)
      throw unfit(operation, "has no policy: say in roles.ts who may do it");
    if (seen.has(operation)) throw unfit(operation, "is there twice");
    seen.add(operation);
    return { ...route, ...operations[operation], roles: allowed };
  });
  return rows;
}

async function inputs<O extends Operation, Q, B>(
  { query, body }: Pick<Inputs<O, Q, B>, "query" | "body">,
  ask: RawAsk,
): Promise<Ask<O, Q, B>> {
  const { params, query: search, json, bytes: _, ...asked } = ask;
  return {
    ...asked,
    params,
    query: checkQuery(query, search),
    body: (body === undefined ? undefined : checkInput(body, await json(), "the body")) as B,
  };
}

function checkQuery<Q>(schema: ZodType<Q> | undefined, search: URLSearchParams): Q {
  const given: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of search) {
    if (name in given) {
      const text = `The query has "${name}" more than once: give it once.`;
      throw new PerdureError("invalid-argument", text);
    }
    given[name] = value;
  }
  if (schema !== undefined) return checkInput(schema, { ...given }, "the query");
  const [name] = Object.keys(given);
  if (name === undefined) return undefined as Q;
  throw new PerdureError("invalid-argument", `The query has "${name}", which means nothing here.`);
}

async function undefinedBody(): Promise<undefined> {
  return undefined;
}

function unfit(operation: Operation, what: string): PerdureError {
  return new PerdureError("invalid-argument", `The route ${operation} ${what}.`);
}
