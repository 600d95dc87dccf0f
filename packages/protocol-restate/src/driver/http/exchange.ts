/**
 * One HTTP request and its answer as streams, the same over HTTP/2 and HTTP/1.1.
 *
 * E1  The listener hears the head at most once, then chunks, then exactly one of `ended` and
 *     `failed`; after `reset` it hears nothing.
 * E2  Nothing is heard before `open` has returned.
 * E3  What is written before a connection is there waits, and is bounded by who writes it.
 */

export interface ExchangeRequest {
  readonly method: "GET" | "POST";
  /** With everything that comes before the endpoint's own paths. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ResponseHead {
  readonly status: number;
  header(name: string): string | undefined;
}

export interface ExchangeListener {
  head(head: ResponseHead): void;
  chunk(bytes: Uint8Array): void;
  ended(): void;
  failed(failure: ExchangeFailure): void;
  /** After `write` said that it is enough: there is room again. */
  drained(): void;
}

export interface Exchange {
  /** False: what is written further is kept in memory; `drained` says when it no longer is. */
  write(bytes: Uint8Array): boolean;
  /** Nothing more will be written. */
  end(): void;
  /** No more chunks until `resume`: the far side feels it. */
  pause(): void;
  resume(): void;
  /** Gives the exchange up. */
  reset(): void;
}

export interface Transport {
  open(request: ExchangeRequest, listener: ExchangeListener): Exchange;
  /** Fails what is open and closes every connection. */
  close(): void;
}

/**
 * `connect`: nobody was reached, so nothing was asked of anybody. `forbidden`: the same, and the
 * address may not be called. `protocol`: the far side does not speak this version of HTTP.
 * `broken`: nobody knows how far it came.
 */
export type ExchangeFailureKind = "connect" | "forbidden" | "protocol" | "broken";

export class ExchangeFailure extends Error {
  override readonly name = "ExchangeFailure";
  readonly kind: ExchangeFailureKind;

  constructor(kind: ExchangeFailureKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}

export function failureOf(error: unknown, kind: ExchangeFailureKind): ExchangeFailure {
  if (error instanceof ExchangeFailure) return error;
  return new ExchangeFailure(kind, reasonOf(error), error);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== "") return error.message;
  return "code" in error ? String(error.code) : error.name;
}
