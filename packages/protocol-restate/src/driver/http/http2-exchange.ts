/** One stream of an HTTP/2 connection, or its wait for one (E1 to E3). */
import { constants, type ClientHttp2Stream, type IncomingHttpHeaders } from "node:http2";
import {
  ExchangeFailure,
  failureOf,
  type Exchange,
  type ExchangeListener,
  type ExchangeRequest,
  type ResponseHead,
} from "./exchange.ts";
import type { Http2Session } from "./http2-session.ts";

export class Http2Exchange implements Exchange {
  readonly request: ExchangeRequest;
  readonly #listener: ExchangeListener;
  /** The peer has taken none of it: another connection may. */
  readonly #again: (exchange: Http2Exchange) => boolean;
  readonly #left: (exchange: Http2Exchange) => void;
  #stream: ClientHttp2Stream | undefined;
  /** Everything that was written, while it may have to be written again. */
  #unsent: Uint8Array[] = [];
  #hasEnded = false;
  #isPaused = false;
  #isOver = false;
  #hasHead = false;

  constructor(
    request: ExchangeRequest,
    listener: ExchangeListener,
    hooks: {
      readonly again: (exchange: Http2Exchange) => boolean;
      readonly left: (exchange: Http2Exchange) => void;
    },
  ) {
    this.request = request;
    this.#listener = listener;
    this.#again = hooks.again;
    this.#left = hooks.left;
  }

  /** A connection has room for it. */
  begin(session: Http2Session): void {
    const stream = session.request(this.request);
    this.#stream = stream;
    stream.on("response", (headers) => {
      session.heard();
      if (this.#stream !== stream || this.#isOver || this.#hasHead) return;
      this.#hasHead = true;
      this.#unsent = [];
      this.#listener.head(headOf(headers));
    });
    stream.on("data", (bytes: Uint8Array) => {
      session.heard();
      if (this.#stream === stream && !this.#isOver) this.#listener.chunk(bytes);
    });
    stream.on("drain", () => {
      if (this.#stream === stream && !this.#isOver) this.#listener.drained();
    });
    stream.once("end", () => {
      if (this.#stream === stream && this.#hasHead && stream.rstCode === 0) this.#finish();
    });
    let cause: Error | undefined;
    stream.once("error", (error: Error) => {
      cause = error;
    });
    stream.once("close", () => {
      if (this.#stream === stream) this.#closed(stream, cause);
    });
    for (const bytes of this.#unsent) stream.write(bytes);
    if (this.#hasEnded) stream.end();
    if (this.#isPaused) stream.pause();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isOver || this.#hasEnded) return true;
    if (!this.#hasHead) this.#unsent.push(bytes);
    return this.#stream?.write(bytes) ?? true;
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#stream?.end();
  }

  pause(): void {
    this.#isPaused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#stream?.resume();
  }

  reset(): void {
    if (this.#isOver) return;
    this.#over();
    this.#stream?.close(constants.NGHTTP2_CANCEL);
  }

  fail(failure: ExchangeFailure): void {
    if (this.#isOver) return;
    this.#over();
    this.#listener.failed(failure);
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#over();
    this.#listener.ended();
  }

  #closed(stream: ClientHttp2Stream, cause: Error | undefined): void {
    if (this.#isOver) return;
    const isRefused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
    if (isRefused && !this.#hasHead && this.#again(this)) return;
    if (this.#hasHead && stream.rstCode === 0 && cause === undefined) return this.#finish();
    const code = stream.rstCode === 0 ? "" : ` (HTTP/2 error ${stream.rstCode})`;
    const kind = isRefused ? "connect" : "broken";
    const reason = cause === undefined ? "the stream was cut" : failureOf(cause, kind).message;
    this.fail(new ExchangeFailure(kind, `${reason}${code}`, cause));
  }

  #over(): void {
    this.#isOver = true;
    this.#unsent = [];
    this.#left(this);
  }
}

function headOf(headers: IncomingHttpHeaders): ResponseHead {
  return {
    status: Number(headers[":status"]),
    header: (name) => {
      const value = headers[name];
      return typeof value === "string" ? value : undefined;
    },
  };
}
