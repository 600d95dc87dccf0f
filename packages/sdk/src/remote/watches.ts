/**
 * Live runs: server-sent events, opened again whenever they end, from the last event seen.
 *
 * It owns the open streams, one for each `watch`.
 *
 * 1. A listener gets every event after the journal's length at the time of `watch`, once, in order.
 * 2. What this client asks of the server after `watch` comes after that time: writes wait for it.
 * 3. A stream that ends, stalls or leaves a gap is opened again, for as long as the run is open.
 */
import type { Env } from "@perdure/engine";
import { PerdureError, type RunEvent, type RunId } from "@perdure/kernel";
import { parseJson } from "@perdure/wire";
import { answers } from "./answers.ts";
import type { Caller } from "./caller.ts";
import { remoteLimits } from "./limits.ts";
import { readRefusal } from "./refusal.ts";
import { EventParser, type ServerEvent } from "./sse.ts";
import { NoAnswer, type Stream, type Transport } from "./transport.ts";

type Listener = (events: readonly RunEvent[]) => void;

interface Watch {
  readonly runId: RunId;
  readonly listener: Listener;
  /** Of the last event the listener has seen, or need not see; undefined: not known yet. */
  seq: number | undefined;
  isOver: boolean;
  stop: () => void;
}

export interface WatchParts {
  readonly caller: Caller;
  readonly transport: Transport;
  readonly env: Env;
}

export class Watches {
  readonly #parts: WatchParts;
  readonly #open = new Set<Watch>();
  /** Watches whose beginning is not known yet. */
  readonly #beginning = new Set<Promise<unknown>>();

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Resolves when every watch asked for so far knows where it begins. */
  async begun(): Promise<void> {
    if (this.#beginning.size > 0) await Promise.allSettled(this.#beginning);
  }

  watch(runId: RunId, listener: Listener): () => void {
    if (this.#open.size >= remoteLimits.watches) {
      const text = `${remoteLimits.watches} runs are watched over this connection: stop one first.`;
      throw new PerdureError("overloaded", text);
    }
    const watch: Watch = { runId, listener, seq: undefined, isOver: false, stop: () => undefined };
    this.#open.add(watch);
    // Nobody waits for it: a watch says in the log when it has to give up.
    void this.#follow(watch);
    return () => this.#end(watch);
  }

  close(): void {
    for (const watch of this.#open) this.#end(watch);
  }

  #end(watch: Watch): void {
    watch.isOver = true;
    watch.stop();
    this.#open.delete(watch);
  }

  async #follow(watch: Watch): Promise<void> {
    const { caller } = this.#parts;
    for (let failures = 0; !watch.isOver; failures++) {
      const before = watch.seq;
      try {
        watch.seq ??= await this.#lengthNow(watch);
        await this.#listen(watch, watch.seq);
      } catch (error) {
        if (watch.isOver) return;
        if (!isTransient(error)) return this.#giveUp(watch, error);
      }
      if (watch.seq !== before) failures = 0;
      if (!watch.isOver) await caller.pause(caller.pauseMs(failures + 1)).catch(() => undefined);
    }
  }

  async #lengthNow({ runId }: Watch): Promise<number> {
    const call = { params: { runId }, answer: answers.view, repeat: "any" } as const;
    const length = this.#parts.caller.call("runs.describe", call).then(({ seq }) => seq);
    this.#beginning.add(length);
    try {
      return await length;
    } finally {
      this.#beginning.delete(length);
    }
  }

  /** Until the stream ends. */
  async #listen(watch: Watch, from: number): Promise<void> {
    const stream = await this.#openStream(watch.runId, from);
    watch.stop = stream.stop;
    try {
      if (watch.isOver) return;
      const parser = new EventParser();
      for await (const chunk of stream.chunks) {
        for (const event of parser.push(chunk)) this.#take(watch, event);
        if (watch.isOver) return;
      }
    } finally {
      stream.stop();
    }
  }

  async #openStream(runId: RunId, from: number): Promise<Stream> {
    const { transport } = this.#parts;
    const stream = await transport.stream({
      operation: "runs.watch",
      params: { runId },
      query: `from=${from}`,
      accept: "text/event-stream",
      lane: "watch",
      withinMs: remoteLimits.attemptMs,
    });
    const isStream = stream.header("content-type")?.startsWith("text/event-stream") ?? false;
    if (stream.status === 200 && isStream) return stream;
    const body = await excerptOf(stream);
    stream.stop();
    const { error, isTransient: isPassing } = readRefusal("runs.watch", transport.address, {
      ...stream,
      body,
    });
    throw isPassing ? new Interrupted(error) : error;
  }

  #take(watch: Watch, { event, data }: ServerEvent): void {
    if (event === "closed") return this.#end(watch);
    if (event !== "events" || watch.isOver) return;
    const { events } = answers.events(parseJson(data, "the event"));
    const seen = watch.seq ?? 0;
    const fresh = events.filter(({ seq }) => seq > seen);
    const [first] = fresh;
    if (first === undefined) return;
    if (first.seq !== seen + 1) throw new Interrupted(new Error("the stream left a gap"));
    watch.seq = seen + fresh.length;
    try {
      watch.listener(fresh);
    } catch (error) {
      this.#parts.env.log("error", "a listener of watch() failed", { runId: watch.runId, error });
    }
  }

  #giveUp(watch: Watch, error: unknown): void {
    if (!watch.isOver) {
      const { runId } = watch;
      this.#parts.env.log("warn", "a run cannot be watched any more", { runId, error });
    }
    this.#end(watch);
  }
}

/** Worth opening the stream again. */
class Interrupted extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

function isTransient(error: unknown): boolean {
  if (error instanceof NoAnswer) return error.isTransient;
  if (error instanceof PerdureError) return error.code === "unavailable";
  // What breaks while it is read, is the connection's.
  return true;
}

async function excerptOf({ chunks }: Stream): Promise<Uint8Array> {
  for await (const chunk of chunks) return chunk;
  return new Uint8Array();
}
