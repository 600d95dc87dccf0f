/**
 * A worker of a server elsewhere: it keeps a connection, and a session over connections.
 *
 * R1  It dials until it is told that the credentials or the protocol are refused, or to stop.
 * R2  A lost connection ends nothing by itself: fibers go on, and what they say waits. When the
 *     lease has passed without the server, or the server does not know the session any more, the
 *     session is over: its fibers are dropped, and the worker registers anew.
 * R3  Every session has an in-process worker of its own, so that nothing of an old one speaks in it.
 * R4  A session is carried only by a connection whose greeting asked for it, or for none: messages
 *     are numbered within a session. A server that breaks the numbering ends it, as a worker would.
 */
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { PROTOCOL, Pulse, wireLimits, type StreamOptions, type Welcome } from "@perdure/wire";
import type { LogSink } from "../ctx/log.ts";
import type { Guard } from "../guard/off-guard.ts";
import type { Tracer } from "../runtime/tracer.ts";
import type { TlsOptions } from "../remote/transport.ts";
import type { Registry } from "../worker/registry.ts";
import { InProcessWorker, type WorkerParts } from "../worker/worker.ts";
import { Dialled } from "./dial.ts";
import { KeptOutcomes } from "./kept-outcomes.ts";
import { backoffMs } from "../remote/backoff.ts";
import { streamLimits } from "./limits.ts";
import type { Dial } from "./line.ts";
import { StreamSession } from "./session.ts";

export interface StreamWorkerParts {
  /** `ws://…/v1/workers/stream` or `wss://…`; several: any of them will do. */
  readonly url: string | readonly [string, ...string[]];
  /** Sent when dialling: `{ authorization: "Bearer pdk_…" }`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: TlsOptions | undefined;
  /** How it connects. Default: a WebSocket. */
  readonly dial?: Dial;
  /** Unlike any other worker's of its namespace. */
  readonly id: string;
  /** Of this library: `perdure/0.1.0`. */
  readonly sdk: string;
  readonly registry: Registry;
  /** Default for `queues`: what the registry has code for. */
  readonly options: Omit<StreamOptions, "queues" | "leaseMs"> &
    Partial<Pick<StreamOptions, "queues" | "leaseMs">>;
  readonly env: Env;
  readonly log: LogSink;
  readonly guard?: Guard;
  readonly tracer?: Tracer | undefined;
  readonly stepFor?: WorkerParts["stepFor"];
  /** The server refused for good: the worker has stopped. */
  readonly onFatal?: (error: PerdureError) => void;
  readonly limits?: { readonly backlogBytes: number; readonly backlogMessages: number };
}

const LEASE_MS = 10_000;

export class StreamWorker {
  readonly #parts: StreamWorkerParts;
  readonly #kept = new KeptOutcomes();
  readonly #started = Promise.withResolvers<void>();
  #phase: "new" | "open" | "draining" | "closed" = "new";
  #worker: InProcessWorker | undefined;
  #session: StreamSession | undefined;
  #resume: string | undefined;
  #connection: Dialled | undefined;
  #pulse: Pulse | undefined;
  #failures = 0;
  /** Which of the servers. */
  #at: number;
  #cancelDial = nothing;
  #cancelLease = nothing;

  constructor(parts: StreamWorkerParts) {
    this.#parts = parts;
    this.#at = Math.floor(parts.env.random() * this.#places.length);
    this.#started.promise.catch(nothing);
  }

  /** Resolves when a server has taken the worker; rejects when one refuses it for good. */
  start(): Promise<void> {
    if (this.#phase === "new") {
      this.#phase = "open";
      this.#dial();
    }
    return this.#started.promise;
  }

  /** Runs whose code is here, and tasks in progress. */
  get runningTasks(): number {
    return this.#worker?.runningTasks ?? 0;
  }

  /** Takes no new work, finishes or hands back what it has, and leaves. */
  async drain(): Promise<void> {
    if (this.#phase === "open") this.#phase = "draining";
    if (this.#phase === "draining") await this.#session?.drain();
    this.close();
  }

  /** Leaves at once: what was in progress is done again elsewhere. */
  close(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#started.reject(new PerdureError("closed", "The worker is closed: start another one."));
    this.#cancelDial();
    this.#endSession();
    this.#connection?.close();
  }

  #dial(): void {
    const { headers = {}, tls, dial, env, id, sdk } = this.#parts;
    this.#connection = new Dialled({
      url: this.#place,
      headers,
      tls,
      dial,
      env,
      hello: {
        type: "hello",
        protocol: PROTOCOL,
        sdk,
        worker: id,
        options: this.#options(),
        window: wireLimits.windowBytes,
        ...(this.#resume === undefined ? {} : { resume: this.#resume }),
      },
      received: this.#session?.received ?? 0,
      welcome: (connection, welcome, ack) => this.#welcome(connection, welcome, ack),
      frame: (frame, bytes) => {
        this.#pulse?.heard();
        this.#session?.receive(frame, bytes);
      },
      broken: () => this.#endSession(),
      closed: (reason, isFinal) => this.#disconnected(reason, isFinal),
    });
  }

  get #places(): readonly [string, ...string[]] {
    const { url } = this.#parts;
    return typeof url === "string" ? [url] : url;
  }

  get #place(): string {
    const places = this.#places;
    return places[this.#at % places.length] ?? places[0];
  }

  #options(): StreamOptions {
    const { options, registry } = this.#parts;
    return { queues: registry.queues(), leaseMs: LEASE_MS, ...options };
  }

  #welcome(connection: Dialled, welcome: Welcome, ack: number): void {
    if (this.#phase === "closed") return connection.close();
    const { env, log, id } = this.#parts;
    this.#cancelLease();
    this.#failures = 0;
    if (!welcome.isResumed) this.#endSession();
    // A worker that is leaving has nothing to finish in a new session.
    if (this.#phase === "draining" && this.#session === undefined) return this.close();
    this.#session ??= this.#newSession();
    this.#resume = welcome.resume;
    this.#session.attach(connection.write, ack, welcome.window);
    const session = this.#session;
    this.#pulse = new Pulse({
      world: env,
      leaseMs: welcome.leaseMs,
      beat: () => session.signOfLife(),
      silent: () => connection.cut(new PerdureError("unavailable", "The server is silent.")),
    });
    log("info", welcome.isResumed ? "resumed the session" : "registered with the server", {
      worker: id,
      server: welcome.server,
    });
    this.#started.resolve();
  }

  #newSession(): StreamSession {
    const { env, log, id, registry, guard, tracer, stepFor, limits } = this.#parts;
    const kept = this.#kept;
    const worker = new InProcessWorker({
      id,
      registry,
      env,
      log,
      tracer,
      recall: kept.local,
      ...(guard === undefined ? {} : { guard }),
      ...(stepFor === undefined ? {} : { stepFor }),
    });
    this.#worker = worker;
    return new StreamSession({
      env,
      log,
      worker,
      kept,
      over: (reason) => {
        log("warn", `the session is over: ${reason}`, { worker: id });
        this.#endSession();
        this.#connection?.cut(new PerdureError("overloaded", reason));
      },
      ...(limits === undefined ? {} : { limits }),
    });
  }

  #endSession(): void {
    this.#cancelLease();
    this.#resume = undefined;
    const session = this.#session;
    this.#session = undefined;
    session?.end();
  }

  #disconnected(reason: PerdureError, isFinal: boolean): void {
    const { env, log, id } = this.#parts;
    this.#pulse?.stop();
    this.#pulse = undefined;
    this.#connection = undefined;
    this.#session?.detach();
    if (this.#phase === "closed") return;
    if (isFinal) return this.#fatal(reason);
    // A session is known where it was; only when that server is not there any more is another asked.
    if (this.#failures > 0 || this.#session === undefined) this.#at++;
    const waitMs = backoffMs(this.#failures, streamLimits.reconnect, this.#parts.env);
    log("warn", `${reason.message} Dialling again in ${Math.round(waitMs)} ms.`, { worker: id });
    if (this.#failures++ === 0 && this.#session !== undefined) this.#watchLease();
    this.#cancelDial = env.after(waitMs, () => this.#dial());
  }

  /**
   * R2: by then the server has given the runs to others, or it was away and has not. A greeting that
   * is under way still asks for the session, and could be given it: R4.
   */
  #watchLease(): void {
    const { leaseMs } = this.#options();
    this.#cancelLease();
    this.#cancelLease = this.#parts.env.after(leaseMs, () => {
      this.#endSession();
      this.#connection?.cut(new PerdureError("unavailable", "The lease has passed."));
      if (this.#phase === "draining") this.close();
    });
  }

  #fatal(error: PerdureError): void {
    const { log, onFatal, id } = this.#parts;
    log("error", `the worker stops: ${error.message}`, { worker: id, code: error.code });
    this.#started.reject(error);
    this.close();
    onFatal?.(error);
  }
}

function nothing(): void {}
