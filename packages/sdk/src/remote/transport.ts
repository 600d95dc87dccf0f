/**
 * One request to the server, once: connections, TLS, time limits and sizes. What an answer means,
 * and whether to ask again, is decided elsewhere.
 *
 * It owns the connections and the requests in progress.
 *
 * 1. Calls, waits and live streams have connections of their own: a thousand waits delay no call.
 * 2. A body is taken up to `remoteLimits.answerBytes`, however long it says it is.
 * 3. Redirects are not followed: the API key goes to the address it was given for.
 */
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { operations, pathOf, type Operation, type PathParams } from "@perdure/wire";
import { Pool, type Dispatcher } from "undici";
import type { Address } from "./address.ts";
import { remoteLimits } from "./limits.ts";
import type { Places } from "./places.ts";

/** What a server's certificate is checked against, and this client's own. PEM. */
export interface TlsOptions {
  /** Authorities to trust in place of the machine's. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
}

export interface TransportParts {
  readonly places: Places;
  readonly env: Env;
  /** Of every request: who asks. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls?: TlsOptions | undefined;
  /** Of whoever calls, for the trace. */
  readonly trace?: (() => Readonly<Record<string, string>>) | undefined;
}

export type Lane = "call" | "wait" | "watch";

type Pools = Readonly<Record<Lane, Pool>>;

export interface Outgoing {
  readonly operation: Operation;
  /** By the names in the operation's path. */
  readonly params: Readonly<Record<string, string>>;
  /** As it stands behind the question mark; empty: there is none. */
  readonly query: string;
  readonly body?: string;
  /** Of the body and of the answer, where they are not JSON. */
  readonly media?: string;
  readonly accept?: string;
  readonly lane: Lane;
  /** From here to the answer's last byte; of a stream, to its head. */
  readonly withinMs: number;
}

export interface Incoming {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: Uint8Array | string;
}

export interface Stream extends Omit<Incoming, "body"> {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly stop: () => void;
}

interface NoAnswerFacts {
  readonly wasSent: boolean;
  readonly isTransient: boolean;
  readonly wasLate?: boolean;
  readonly cause: unknown;
}

/** No answer came. `wasSent`: the server may have got the request. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  readonly wasSent: boolean;
  /** Another try can help: it is not the certificate. */
  readonly isTransient: boolean;
  /** The time for it ran out. */
  readonly wasLate: boolean;

  constructor(reason: string, facts: NoAnswerFacts) {
    super(reason, { cause: facts.cause });
    this.wasSent = facts.wasSent;
    this.isTransient = facts.isTransient;
    this.wasLate = facts.wasLate ?? false;
  }
}

export class Transport {
  readonly #places: Places;
  readonly #tls: TlsOptions | undefined;
  readonly #env: Env;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #trace: TransportParts["trace"];
  /** Of the places that were asked so far. */
  readonly #pools = new Map<Address, Pools>();
  readonly #inProgress = new Set<AbortController>();
  #isClosed = false;

  constructor({ places, env, headers, tls, trace }: TransportParts) {
    this.#trace = trace;
    this.#places = places;
    this.#env = env;
    this.#headers = headers;
    this.#tls = tls;
  }

  /** Of the server that is asked now. */
  get address(): Address {
    return this.#places.now;
  }

  /** Another server is asked from now on, if there is one. */
  moveOn(address: Address): void {
    this.#places.moveOn(address);
  }

  async send(out: Outgoing): Promise<Incoming> {
    const { controller, end } = this.#begin(out.withinMs);
    const { address } = this;
    try {
      const response = await this.#request(address, out, controller);
      const body = await bodyOf(response);
      return { status: response.statusCode, header: headerOf(response), body };
    } catch (error) {
      throw this.#reason(address, error, controller.signal);
    } finally {
      end();
    }
  }

  async stream(out: Outgoing): Promise<Stream> {
    const { controller, end, inTime } = this.#begin(out.withinMs);
    const { address } = this;
    try {
      const response = await this.#request(address, out, controller);
      inTime();
      const stop = (): void => {
        end();
        controller.abort();
        // Aborted before its end, which nobody needs to hear of.
        response.body.on("error", () => undefined).destroy();
      };
      const { statusCode: status, body } = response;
      return {
        status,
        header: headerOf(response),
        chunks: body as AsyncIterable<Uint8Array>,
        stop,
      };
    } catch (error) {
      end();
      throw this.#reason(address, error, controller.signal);
    }
  }

  /** Ends what is in progress: its callers get a `closed`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const controller of this.#inProgress) controller.abort();
    const pools = [...this.#pools.values()].flatMap((lanes) => Object.values(lanes));
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  #begin(withinMs: number): { controller: AbortController; end: () => void; inTime: () => void } {
    if (this.#isClosed) throw closed();
    const controller = new AbortController();
    this.#inProgress.add(controller);
    const inTime = this.#env.after(withinMs, () => controller.abort());
    const end = (): void => {
      inTime();
      this.#inProgress.delete(controller);
    };
    return { controller, end, inTime };
  }

  #request(
    address: Address,
    out: Outgoing,
    { signal }: AbortController,
  ): Promise<Dispatcher.ResponseData> {
    const { operation, params, query, body, media = JSON_MEDIA, accept = JSON_MEDIA, lane } = out;
    const path = pathOf(operation, params as PathParams<Operation>);
    return this.#poolsOf(address)[lane].request({
      method: operations[operation].method,
      path: address.base + (query === "" ? path : `${path}?${query}`),
      headers: {
        accept,
        ...this.#trace?.(),
        ...this.#headers,
        ...(body === undefined ? {} : { "content-type": media }),
      },
      signal,
      // One clock for the whole of it, above; between two chunks of a stream, silence is counted.
      headersTimeout: 0,
      bodyTimeout: lane === "watch" ? remoteLimits.silenceMs : 0,
      ...(body === undefined ? {} : { body }),
    });
  }

  #poolsOf(address: Address): Pools {
    const known = this.#pools.get(address);
    if (known !== undefined) return known;
    const pool = (connections: number): Pool =>
      new Pool(address.origin, {
        connections,
        connect: { timeout: remoteLimits.connectMs, ...(this.#tls as object) },
        keepAliveTimeout: remoteLimits.idleConnectionMs,
      });
    const pools: Pools = {
      call: pool(remoteLimits.callConnections),
      wait: pool(remoteLimits.waitConnections),
      watch: pool(remoteLimits.watches),
    };
    this.#pools.set(address, pools);
    return pools;
  }

  #reason(address: Address, error: unknown, signal: AbortSignal): Error {
    if (error instanceof PerdureError) return error;
    if (this.#isClosed) return closed();
    this.moveOn(address);
    if (signal.aborted) {
      const facts = { wasSent: true, isTransient: true, wasLate: true, cause: error };
      return new NoAnswer("it did not answer in time", facts);
    }
    return noAnswer(error);
  }
}

const JSON_MEDIA = "application/json";

async function bodyOf({ body }: Dispatcher.ResponseData): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > remoteLimits.answerBytes) {
      const text = `The answer has more than ${remoteLimits.answerBytes} bytes: ask for less at a time.`;
      throw new PerdureError("limit-exceeded", text);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function headerOf({ headers }: Dispatcher.ResponseData): Incoming["header"] {
  return (name) => {
    const value = headers[name];
    return typeof value === "string" ? value : value?.[0];
  };
}

/** Of a connection that was never made. */
const UNSENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
]);

const UNTRUSTED = /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/;

function noAnswer(error: unknown): NoAnswer {
  const { code = "", message } = error as { readonly code?: string; readonly message: string };
  const isUntrusted = UNTRUSTED.test(code);
  const wasSent = !isUntrusted && !UNSENT.has(code);
  const reason = message === "" ? code : message;
  return new NoAnswer(reason, { wasSent, isTransient: !isUntrusted, cause: error });
}

export function closed(): PerdureError {
  const text = "This connection to the server was closed: connect() again.";
  return new PerdureError("closed", text);
}
