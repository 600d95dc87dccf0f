/**
 * Exchanges opened before their attempts may begin: while it is still being written to disk that an
 * invocation goes on, its endpoint hears that an attempt is coming, and sets up what it needs for one.
 * It is told nothing that its code could act upon.
 *
 * It owns the exchanges until they are taken.
 *
 * X1  One exchange for an invocation, taken at most once. What nobody takes is reset after `aheadMs`.
 * X2  One that has failed, ended or spoken is no use: its attempt opens its own, and finds out itself.
 * X3  A head that has come already is heard after `take` has returned, and before anything else.
 */
import type { Env } from "@perdure/engine";
import type { RunId } from "@perdure/kernel";
import type {
  Exchange,
  ExchangeListener,
  ExchangeRequest,
  ResponseHead,
  Transport,
} from "./http/exchange.ts";
import { driverLimits } from "./limits.ts";
import type { Ticking } from "./ticker.ts";

export class OpenedAhead implements Ticking {
  readonly noticeMs: number = driverLimits.aheadMs;
  readonly #env: Env;
  readonly #transport: Transport;
  /** The oldest first. */
  readonly #opened = new Map<RunId, Opened>();

  constructor(env: Env, transport: Transport) {
    this.#env = env;
    this.#transport = transport;
  }

  get size(): number {
    return this.#opened.size;
  }

  open(runId: RunId, request: ExchangeRequest): void {
    if (this.#opened.has(runId) || this.size >= driverLimits.aheadExchanges) return;
    const opened = new Opened(this.#env.monotonic());
    opened.exchange = this.#transport.open(request, opened);
    this.#opened.set(runId, opened);
  }

  take(runId: RunId, listener: ExchangeListener): Exchange | undefined {
    const opened = this.#opened.get(runId);
    if (opened === undefined) return undefined;
    this.#opened.delete(runId);
    if (!opened.isUseless) return opened.give(listener);
    opened.exchange?.reset();
    return undefined;
  }

  tick(now: number): void {
    for (const [runId, { since, exchange }] of this.#opened) {
      if (now - since < driverLimits.aheadMs) return;
      this.#opened.delete(runId);
      exchange?.reset();
    }
  }

  close(): void {
    for (const { exchange } of this.#opened.values()) exchange?.reset();
    this.#opened.clear();
  }
}

/** Hears what comes before somebody takes the exchange, and passes on what comes after. */
class Opened implements ExchangeListener {
  /** Monotonic ms. */
  readonly since: number;
  exchange: Exchange | undefined;
  isUseless = false;
  #head: ResponseHead | undefined;
  #listener: ExchangeListener | undefined;

  constructor(since: number) {
    this.since = since;
  }

  give(listener: ExchangeListener): Exchange | undefined {
    this.#listener = listener;
    const head = this.#head;
    if (head !== undefined) queueMicrotask(() => listener.head(head));
    return this.exchange;
  }

  head(head: ResponseHead): void {
    if (this.#listener === undefined) this.#head = head;
    else this.#listener.head(head);
  }

  chunk(bytes: Uint8Array): void {
    if (this.#listener === undefined) this.isUseless = true;
    else this.#listener.chunk(bytes);
  }

  ended(): void {
    if (this.#listener === undefined) this.isUseless = true;
    else this.#listener.ended();
  }

  failed(...[failure]: Parameters<ExchangeListener["failed"]>): void {
    if (this.#listener === undefined) this.isUseless = true;
    else this.#listener.failed(failure);
  }

  drained(): void {
    this.#listener?.drained();
  }
}
