/**
 * One HTTP/2 connection to an endpoint, and how many streams it carries.
 *
 * S1  It never has more streams than its own limit and the peer's.
 * S2  It is used when the peer's settings are here: before that nobody knows how many streams it
 *     takes, or whether it speaks HTTP/2 at all.
 * S3  A connection that is on its way out (GOAWAY, an error) takes no new streams; those it has
 *     may end.
 */
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Env } from "@perdure/engine";
import { driverLimits } from "../limits.ts";
import { ExchangeFailure, failureOf, type ExchangeRequest } from "./exchange.ts";

export interface SessionHooks {
  /** A stream has ended, or the peer allows more. */
  readonly freed: () => void;
  readonly closed: (session: Http2Session) => void;
}

export class Http2Session {
  /** S2. Rejects with an `ExchangeFailure`. */
  readonly ready: Promise<void>;
  readonly #session: ClientHttp2Session;
  readonly #env: Env;
  readonly #hooks: SessionHooks;
  #streams = 0;
  #isReady = false;
  #isLeaving = false;
  /** Monotonic ms: the last word from the peer, the ping that waits, and the last stream's end. */
  #heardAt: number;
  #pingedAt: number | undefined;
  #idleSince: number;

  constructor(origin: URL, socket: Socket, env: Env, hooks: SessionHooks) {
    this.#env = env;
    this.#hooks = hooks;
    this.#heardAt = env.monotonic();
    this.#idleSince = this.#heardAt;
    this.#session = connect(origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: driverLimits.streamWindowBytes },
      maxSessionMemory: 64,
    });
    // Without it the response's end may come long after its last frame, where the socket is slow.
    this.#session.once("connect", () => {
      this.#session.setLocalWindowSize(driverLimits.sessionWindowBytes);
    });
    this.ready = this.#whenReady(origin);
    this.#session.on("remoteSettings", () => hooks.freed());
    this.#session.on("goaway", () => this.#leave());
    this.#session.on("error", () => this.#leave());
    this.#session.once("close", () => {
      this.#isLeaving = true;
      hooks.closed(this);
    });
  }

  get room(): number {
    if (!this.#isReady || this.#isLeaving) return 0;
    const theirs = this.#session.remoteSettings.maxConcurrentStreams ?? Infinity;
    return Math.max(0, Math.min(driverLimits.streamsPerSession, theirs) - this.#streams);
  }

  /** Its streams will end, and make room. */
  get isBusy(): boolean {
    return this.#isReady && !this.#isLeaving && this.#streams > 0;
  }

  request({ method, path, headers }: ExchangeRequest): ClientHttp2Stream {
    this.#streams++;
    const stream = this.#session.request(
      {
        ...headers,
        [constants.HTTP2_HEADER_METHOD]: method,
        [constants.HTTP2_HEADER_PATH]: path,
      },
      { endStream: false },
    );
    stream.once("close", () => {
      this.#streams--;
      this.#idleSince = this.#env.monotonic();
      this.#hooks.freed();
    });
    return stream;
  }

  heard(): void {
    this.#heardAt = this.#env.monotonic();
  }

  /** Now and then: is the peer there, and is the connection needed? */
  tick(): void {
    const now = this.#env.monotonic();
    if (this.#pingedAt !== undefined) {
      if (now - this.#pingedAt < driverLimits.pingAnswerMs) return;
      this.#session.destroy(new Error("the connection is dead: a ping was not answered"));
    } else if (this.#streams === 0) {
      if (now - this.#idleSince >= driverLimits.idleSessionMs) this.#leave();
    } else if (now - this.#heardAt >= driverLimits.pingAfterMs) this.#ping(now);
  }

  destroy(): void {
    this.#isLeaving = true;
    this.#session.destroy();
  }

  #whenReady({ host }: URL): Promise<void> {
    return new Promise((resolve, reject) => {
      let cause: unknown;
      const cancel = this.#env.after(driverLimits.connectMs, () => this.destroy());
      this.#session.once("remoteSettings", () => {
        cancel();
        this.#isReady = true;
        resolve();
      });
      this.#session.once("error", (error: Error) => {
        cause = error;
      });
      this.#session.once("close", () => {
        cancel();
        const why = cause === undefined ? "it said nothing" : failureOf(cause, "protocol").message;
        reject(new ExchangeFailure("protocol", `${host} does not speak HTTP/2: ${why}`, cause));
      });
    });
  }

  #ping(now: number): void {
    this.#pingedAt = now;
    this.#session.ping(() => {
      this.#pingedAt = undefined;
      this.heard();
    });
  }

  #leave(): void {
    this.#isLeaving = true;
    if (!this.#session.destroyed && !this.#session.closed) this.#session.close();
    this.#hooks.freed();
  }
}
