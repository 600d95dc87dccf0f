/**
 * HTTP/2 to one endpoint: a pool of connections that grows with what is asked of it.
 *
 * It owns the connections and the exchanges that wait for one.
 *
 * H1  An exchange waits only while every connection is full or being made.
 * H2  An exchange that the peer refused untouched is made again, once; others never are.
 * H3  An exchange that waits fails with the attempt to connect that was made for it.
 */
import type { TLSSocket } from "node:tls";
import type { Env } from "@perdure/engine";
import { driverLimits } from "../limits.ts";
import { dial, type OutboundGuard } from "./dial.ts";
import {
  ExchangeFailure,
  failureOf,
  type Exchange,
  type ExchangeListener,
  type ExchangeRequest,
  type Transport,
} from "./exchange.ts";
import { Http2Exchange } from "./http2-exchange.ts";
import { Http2Session } from "./http2-session.ts";

export interface TransportParts {
  readonly origin: URL;
  readonly guard: OutboundGuard;
  readonly env: Env;
}

export class Http2Transport implements Transport {
  readonly #parts: TransportParts;
  readonly #sessions = new Set<Http2Session>();
  readonly #waiting = new Set<Http2Exchange>();
  readonly #open = new Set<Http2Exchange>();
  readonly #refused = new WeakSet<Http2Exchange>();
  #connecting = 0;
  #isClosed = false;
  #cancelTick: (() => void) | undefined;

  constructor(parts: TransportParts) {
    this.#parts = parts;
  }

  open(request: ExchangeRequest, listener: ExchangeListener): Exchange {
    const exchange = new Http2Exchange(request, listener, {
      again: (one) => this.#again(one),
      left: (one) => this.#left(one),
    });
    if (this.#isClosed || this.#waiting.size >= driverLimits.waitingExchanges) {
      const text = this.#isClosed ? "the driver is closing" : "too much waits for this endpoint";
      this.#parts.env.defer(() => exchange.fail(new ExchangeFailure("connect", text)));
      return exchange;
    }
    const session = this.#roomy();
    if (session === undefined) {
      this.#waiting.add(exchange);
      this.#grow();
    } else this.#begin(exchange, session);
    return exchange;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTick?.();
    const failure = new ExchangeFailure("broken", "the driver is closing");
    for (const exchange of [...this.#waiting, ...this.#open]) exchange.fail(failure);
    for (const session of this.#sessions) session.destroy();
  }

  #roomy(): Http2Session | undefined {
    for (const session of this.#sessions) if (session.room > 0) return session;
    return undefined;
  }

  #begin(exchange: Http2Exchange, session: Http2Session): void {
    this.#waiting.delete(exchange);
    this.#open.add(exchange);
    try {
      exchange.begin(session);
    } catch (error) {
      exchange.fail(failureOf(error, "connect"));
    }
  }

  /** Room has come: those that wait go, the first first (H1). */
  #serve(): void {
    for (const exchange of this.#waiting) {
      const session = this.#roomy();
      if (session === undefined) break;
      this.#begin(exchange, session);
    }
    this.#grow();
  }

  #grow(): void {
    const isCovered = this.#waiting.size <= this.#connecting * driverLimits.streamsPerSession;
    const isFull =
      Math.max(this.#sessions.size, this.#connecting) >= driverLimits.sessionsPerEndpoint;
    if (this.#isClosed || isCovered || isFull) return;
    this.#connecting++;
    void this.#connect();
  }

  async #connect(): Promise<void> {
    try {
      const session = await this.#newSession();
      await session?.ready;
    } catch (error) {
      this.#connecting--;
      return this.#unconnected(failureOf(error, "connect"));
    }
    this.#connecting--;
    this.#arm();
    this.#serve();
  }

  async #newSession(): Promise<Http2Session | undefined> {
    const { origin, guard, env } = this.#parts;
    // One that knows HTTP/1.1 only says so, where it would else break off without a word.
    const socket = await dial(origin, guard, { alpn: ["h2", "http/1.1"] });
    if (origin.protocol === "https:" && (socket as TLSSocket).alpnProtocol !== "h2") {
      socket.destroy();
      const text = `${origin.host} does not speak HTTP/2 over TLS; register it with use_http_11`;
      throw new ExchangeFailure("protocol", text);
    }
    if (this.#isClosed) return void socket.destroy();
    const session = new Http2Session(origin, socket, env, {
      freed: () => this.#serve(),
      closed: (one) => {
        this.#sessions.delete(one);
        this.#serve();
      },
    });
    this.#sessions.add(session);
    return session;
  }

  /** H3. */
  #unconnected(failure: ExchangeFailure): void {
    const isHopeful = [...this.#sessions].some((session) => session.room > 0 || session.isBusy);
    if (isHopeful || this.#connecting > 0) return;
    for (const exchange of this.#waiting) exchange.fail(failure);
  }

  #again(exchange: Http2Exchange): boolean {
    if (this.#isClosed || this.#refused.has(exchange)) return false;
    this.#refused.add(exchange);
    this.#open.delete(exchange);
    this.#waiting.add(exchange);
    this.#parts.env.defer(() => this.#serve());
    return true;
  }

  #left(exchange: Http2Exchange): void {
    this.#waiting.delete(exchange);
    this.#open.delete(exchange);
  }

  #arm(): void {
    if (this.#cancelTick !== undefined || this.#isClosed) return;
    this.#cancelTick = this.#parts.env.after(driverLimits.pingAnswerMs, () => {
      this.#cancelTick = undefined;
      for (const session of this.#sessions) session.tick();
      if (this.#sessions.size > 0) this.#arm();
    });
  }
}
