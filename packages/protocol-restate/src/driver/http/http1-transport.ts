/**
 * HTTP/1.1 to one endpoint, for those that do not speak HTTP/2. A connection carries one exchange at
 * a time and is kept for the next (E1 to E3).
 */
import { Agent, request as requestHttp, type ClientRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
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

export interface Http1Parts {
  readonly origin: URL;
  readonly guard: OutboundGuard;
  readonly env: Env;
}

export class Http1Transport implements Transport {
  readonly #parts: Http1Parts;
  readonly #agent: Agent;
  readonly #open = new Set<Http1Exchange>();
  #isClosed = false;

  constructor(parts: Http1Parts) {
    this.#parts = parts;
    this.#agent = new DialingAgent(parts);
  }

  open(request: ExchangeRequest, listener: ExchangeListener): Exchange {
    const { origin, env } = this.#parts;
    const exchange = new Http1Exchange(listener, (one) => this.#open.delete(one));
    if (this.#isClosed || this.#open.size >= driverLimits.waitingExchanges) {
      const text = this.#isClosed ? "the driver is closing" : "too much waits for this endpoint";
      env.defer(() => exchange.fail(new ExchangeFailure("connect", text)));
      return exchange;
    }
    this.#open.add(exchange);
    exchange.begin(
      requestHttp({
        agent: this.#agent,
        method: request.method,
        path: request.path,
        headers: { ...request.headers, host: origin.host },
        maxHeaderSize: driverLimits.headerBytes,
      }),
    );
    return exchange;
  }

  close(): void {
    this.#isClosed = true;
    const failure = new ExchangeFailure("broken", "the driver is closing");
    for (const exchange of this.#open) exchange.fail(failure);
    this.#agent.destroy();
  }
}

/** One agent has one origin, over TLS or not: it dials that, whatever the request's options say. */
class DialingAgent extends Agent {
  readonly #parts: Http1Parts;

  constructor(parts: Http1Parts) {
    super({
      keepAlive: true,
      maxSockets: driverLimits.sessionsPerEndpoint * driverLimits.streamsPerSession,
      timeout: driverLimits.idleSessionMs,
    });
    this.#parts = parts;
  }

  override createConnection(
    _: unknown,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const { origin, guard } = this.#parts;
    dial(origin, guard, { alpn: ["http/1.1"] }).then(
      (socket) => callback?.(null, socket),
      // Node's types want a stream beside the error.
      (error: unknown) => callback?.(failureOf(error, "connect"), undefined as never),
    );
  }
}

class Http1Exchange implements Exchange {
  readonly #listener: ExchangeListener;
  readonly #left: (exchange: Http1Exchange) => void;
  #request: ClientRequest | undefined;
  #response: IncomingMessage | undefined;
  #isPaused = false;
  #isOver = false;

  constructor(listener: ExchangeListener, left: (exchange: Http1Exchange) => void) {
    this.#listener = listener;
    this.#left = left;
  }

  begin(request: ClientRequest): void {
    this.#request = request;
    request.on("response", (response) => this.#answered(response));
    request.on("drain", () => this.#isOver || this.#listener.drained());
    request.on("error", (error) => this.fail(failureOf(error, "broken")));
    // Agents time idle connections, not busy ones.
    request.setTimeout(0);
  }

  write(bytes: Uint8Array): boolean {
    return this.#isOver || (this.#request?.write(bytes) ?? true);
  }

  end(): void {
    if (!this.#isOver) this.#request?.end();
  }

  pause(): void {
    this.#isPaused = true;
    this.#response?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#response?.resume();
  }

  reset(): void {
    if (this.#isOver) return;
    this.#over();
    this.#request?.destroy();
  }

  fail(failure: ExchangeFailure): void {
    if (this.#isOver) return;
    this.#over();
    this.#request?.destroy();
    this.#listener.failed(failure);
  }

  #answered(response: IncomingMessage): void {
    if (this.#isOver) return void response.destroy();
    this.#response = response;
    this.#listener.head({
      status: response.statusCode ?? 0,
      header: (name) => {
        const value = response.headers[name];
        return typeof value === "string" ? value : undefined;
      },
    });
    response.on("data", (bytes: Uint8Array) => this.#isOver || this.#listener.chunk(bytes));
    response.once("end", () => {
      if (this.#isOver) return;
      this.#over();
      this.#listener.ended();
    });
    response.once("error", (error) => this.fail(failureOf(error, "broken")));
    if (this.#isPaused) response.pause();
  }

  #over(): void {
    this.#isOver = true;
    this.#left(this);
  }
}
