/**
 * Server-sent events (HTML standard, section 9.2), to a reader that may be slow or gone.
 *
 * E1  What waits here is at most one write: `send` resolves when the reader has taken it.
 * E2  A reader that takes nothing for `stallMs` is closed. It resumes with the last id it saw.
 * E3  While nothing happens a comment goes out every `heartbeatMs`, so that dead connections show.
 */
import { ReadableStream, type ReadableStreamDefaultController } from "node:stream/web";
import type { Env } from "@perdure/engine";

export interface EventStreamOptions {
  readonly env: Env;
  readonly heartbeatMs: number;
  readonly stallMs: number;
  /** The caller has gone, or the server closes. */
  readonly signal: AbortSignal;
}

export interface ServerEvent {
  readonly event: string;
  readonly id?: string;
  readonly data: unknown;
}

const encoder = new TextEncoder();
const headers = { "content-type": "text/event-stream", "x-accel-buffering": "no" };

export class EventStream {
  readonly response: Response;
  readonly #options: EventStreamOptions;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Somebody waits for the reader to take what is here. */
  #taken: ((isOpen: boolean) => void) | undefined;
  #untakenSince: number | undefined;
  #stopBeating: (() => void) | undefined;
  #ended: (() => void) | undefined;
  #open = true;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#drained(),
        cancel: () => this.#end(),
      },
      // Nothing is buffered ahead: a chunk is asked for when the socket has room for it.
      { highWaterMark: 0 },
    );
    this.response = new Response(stream, { headers });
    options.signal.addEventListener("abort", this.#abort);
    this.#write(": open\n\n");
    this.#beat();
  }

  /** Calls once, when the stream has ended from either side. */
  onEnd(call: () => void): void {
    this.#ended = call;
    if (!this.#open) call();
  }

  /** One at a time. False: the reader is gone, or was closed because it takes nothing. */
  async send({ event, id, data }: ServerEvent): Promise<boolean> {
    const line = id === undefined ? "" : `id: ${id}\n`;
    this.#write(`${line}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    if (!this.#open || this.#untakenSince === undefined) return this.#open;
    return new Promise((resolve) => {
      this.#taken = resolve;
    });
  }

  close(): void {
    if (!this.#open) return;
    this.#controller?.close();
    this.#end();
  }

  readonly #abort = (): void => this.close();

  #write(text: string): void {
    if (!this.#open) return;
    this.#controller?.enqueue(encoder.encode(text));
    if ((this.#controller?.desiredSize ?? 0) < 0) {
      this.#untakenSince ??= this.#options.env.monotonic();
    }
  }

  #drained(): void {
    this.#untakenSince = undefined;
    this.#taken?.(this.#open);
    this.#taken = undefined;
  }

  #beat(): void {
    const { env, heartbeatMs, stallMs } = this.#options;
    this.#stopBeating = env.after(heartbeatMs, () => {
      const since = this.#untakenSince;
      if (since === undefined) this.#write(": still here\n\n");
      else if (env.monotonic() - since >= stallMs) {
        this.#controller?.error(new Error("the reader takes nothing"));
        return this.#end();
      }
      this.#beat();
    });
  }

  #end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#stopBeating?.();
    this.#options.signal.removeEventListener("abort", this.#abort);
    this.#drained();
    this.#ended?.();
  }
}
