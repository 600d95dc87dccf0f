/**
 * `pushHandler`: the one function that answers a Perdure server, from a web `Request` to a `Response`.
 *
 * R1  Nothing of a request is looked at, but its size, before its signature was found right.
 * R2  A request is refused with a status and a reason before any code has run. Once the status is
 *     200, everything is said in signed frames.
 */
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import {
  decodePushRequest,
  errorToJson,
  httpStatus,
  MemoryNonces,
  signatureHeader,
  verifyRequest,
  wireLimits,
  type Digests,
  type PushRequest,
  type SignedRequest,
} from "@perdure/wire";
import { declaredBy } from "../worker/publish-definitions.ts";
import { Registry } from "../worker/registry.ts";
import { AnswerStream } from "./answer-stream.ts";
import { AppWorker } from "./app-worker.ts";
import { checkLoopback, keysOf } from "./keys.ts";
import type { PushOptions } from "./options.ts";
import { webEnv } from "./web-env.ts";

const KEEP_RUNS = 1_000;

export const mediaType = "application/x-perdure-push";

/** What an adapter knows of the connection that a `Request` does not say. */
export interface Arrival {
  /** The far end's address. */
  readonly peer?: string;
  readonly isBuffered?: boolean;
}

/** As much of a `Request` as is looked at. */
export interface AppRequest extends Pick<Request, "method" | "url" | "body" | "signal"> {
  readonly headers: Pick<Headers, "get">;
}

export interface PushHandler {
  (request: Request): Promise<Response>;
  /** For adapters. */
  readonly from: (request: Request, arrival: Arrival) => Promise<Response>;
}

/** Where an app runs; by default in the runtime that it is in. */
export interface PushWorld {
  readonly env: Env;
  readonly digests?: Digests;
}

/**
 * Serves workflows, tasks and objects to a Perdure server that calls this app.
 *
 * ```ts
 * const handler = pushHandler({ workflows: [order], keys: process.env.PERDURE_PUSH_KEYS });
 * app.post("/perdure", (c) => handler(c.req.raw)); // Hono; others: see docs/push.md
 * ```
 */
export function pushHandler(options: PushOptions): PushHandler {
  const from = pushHandlerIn({ env: webEnv(options.log) }, options);
  return Object.assign((request: Request) => from(request, {}), { from });
}

/** For a world with time, chance and signatures of its own, as a simulator has it. */
export function pushHandlerIn(
  world: PushWorld,
  options: PushOptions,
): (request: AppRequest, arrival: Arrival) => Promise<Response> {
  const app = new PushApp(options, world);
  return (request, arrival) => app.answer(request, arrival);
}

class PushApp {
  readonly #options: PushOptions;
  readonly #keys: ReturnType<typeof keysOf>;
  readonly #nonces: NonNullable<PushOptions["nonces"]>;
  readonly #env: Env;
  readonly #digests: Digests | undefined;
  readonly #registry: Registry;
  readonly #worker: AppWorker;

  constructor(options: PushOptions, { env, digests }: PushWorld) {
    this.#options = options;
    this.#keys = keysOf(options);
    this.#nonces = options.nonces ?? new MemoryNonces();
    this.#env = env;
    this.#digests = digests;
    this.#registry = new Registry(options);
    this.#worker = new AppWorker({
      registry: this.#registry,
      env: this.#env,
      log: (...line) => this.#env.log(...line),
      tracer: options.tracer,
      keepRuns: options.keepRuns ?? KEEP_RUNS,
    });
  }

  async answer(request: AppRequest, arrival: Arrival): Promise<Response> {
    try {
      if (request.method !== "POST") return notPosted(request.method);
      if (this.#options.insecure) checkLoopback(request, arrival.peer);
      const body = await readBody(request);
      const signed = await this.#verified(request, body);
      const message = decodePushRequest(body);
      if (message.type !== signed.purpose) throw unfit(message, signed);
      return this.#begin(message, signed, request, arrival);
    } catch (error) {
      return refusal(error, this.#env);
    }
  }

  async #verified(request: AppRequest, body: Uint8Array<ArrayBuffer>): Promise<SignedRequest> {
    const { windowMs, endpoint } = this.#options;
    const signed = await verifyRequest(request.headers.get(signatureHeader), body, {
      keys: this.#keys,
      now: this.#env.now(),
      nonces: this.#nonces,
      ...(windowMs === undefined ? {} : { windowMs }),
      ...(this.#digests === undefined ? {} : { digests: this.#digests }),
    });
    if (endpoint === undefined || endpoint === signed.endpoint) return signed;
    const text = `The request is for the endpoint "${signed.endpoint}", this is "${endpoint}".`;
    throw new PerdureError("forbidden", text);
  }

  #begin(
    message: PushRequest,
    signed: SignedRequest,
    request: AppRequest,
    arrival: Arrival,
  ): Response {
    const gone = (): void => {
      if (message.type === "exchange") this.#worker.exchangeGone(message.runId, answering);
      else if (message.type === "task") this.#worker.taskGone(message.token, answering);
    };
    const answering: AnswerStream = new AnswerStream(
      signed,
      { env: this.#env, digests: this.#digests },
      gone,
    );
    if (message.type === "exchange") this.#worker.exchange(message, answering);
    else if (message.type === "task") this.#worker.task(message, answering);
    else {
      answering.send({ type: "described", description: this.#description(arrival) });
      answering.end(false);
    }
    request.signal.addEventListener("abort", () => answering.abort(), { once: true });
    return new Response(answering.body, {
      headers: { "content-type": mediaType, "cache-control": "no-store, no-transform" },
    });
  }

  #description({ isBuffered = this.#options.isBuffered ?? false }: Arrival) {
    const { version, versioning } = this.#options;
    const { triggers, schedules } = declaredBy("", this.#registry.workflows);
    return {
      sdk: "perdure",
      queues: this.#registry.queues(),
      isBuffered,
      triggers,
      schedules: schedules.map(({ namespace: _namespace, ...schedule }) => schedule),
      ...(version === undefined ? {} : { version }),
      ...(versioning === undefined ? {} : { versioning }),
    };
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** The bytes are counted as they come, whatever the header says. */
async function readBody(request: AppRequest): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get("content-length") ?? 0) > wireLimits.pushBodyBytes)
    throw tooLong();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = request.body?.getReader() as Reader | undefined;
  for (;;) {
    const chunk = (await reader?.read())?.value;
    if (!chunk) break;
    bytes += chunk.length;
    if (bytes > wireLimits.pushBodyBytes) {
      await reader?.cancel();
      throw tooLong();
    }
    chunks.push(chunk);
  }
  const body = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

/** For a person with a browser, who wants to know whether the address is right. */
function notPosted(method: string): Response {
  if (method !== "GET" && method !== "HEAD") {
    return new Response(null, { status: 405, headers: { allow: "GET, POST" } });
  }
  const text = "This is a Perdure push endpoint. A Perdure server posts to it.\n";
  return new Response(method === "GET" ? text : null, {
    headers: { "content-type": "text/plain" },
  });
}

function refusal(error: unknown, env: Env): Response {
  const known =
    error instanceof PerdureError
      ? error
      : new PerdureError("internal", "The push handler failed: see the app's log.");
  const isOurs = known.code === "internal";
  env.log(isOurs ? "error" : "warn", isOurs ? String(error) : known.message);
  return Response.json(errorToJson(known), { status: httpStatus[known.code] });
}

function unfit({ type }: PushRequest, { purpose }: SignedRequest): PerdureError {
  const text = `The request is signed as "${purpose}" and says "${type}".`;
  return new PerdureError("invalid-argument", text);
}

function tooLong(): PerdureError {
  const text = `The request has more than ${wireLimits.pushBodyBytes} bytes: continue the run as new.`;
  return new PerdureError("limit-exceeded", text);
}
