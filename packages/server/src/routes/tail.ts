/**
 * A run's events from a seq on, without end, at the reader's pace.
 *
 * It keeps what the engine has just said, up to `maxEvents`; when a reader is slower than that, it
 * keeps nothing and reads on from the journal.
 */
import type { EngineClient } from "@perdure/engine";
import type { RunEvent, RunId } from "@perdure/kernel";

export interface TailParts {
  readonly engine: EngineClient;
  readonly runId: RunId;
  /** The last seq that the reader has. */
  readonly after: number;
  readonly maxEvents: number;
}

/** Events that are read at a time: each may hold a payload of megabytes. */
const CHUNK = 50;

export class Tail {
  readonly #parts: TailParts;
  readonly #stop: () => void;
  #fresh: RunEvent[] = [];
  #last: number;
  #wake: (() => void) | undefined;
  /** The engine has said something since the journal was read to its end. */
  #stirred = false;
  #closed = false;

  constructor(parts: TailParts) {
    this.#parts = parts;
    this.#last = parts.after;
    this.#stop = parts.engine.watch(parts.runId, (events) => this.#hear(events));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly RunEvent[]> {
    while (!this.#closed) {
      const events = this.#takeFresh() ?? (await this.#read());
      if (events.length > 0) {
        this.#last = events.at(-1)?.seq ?? this.#last;
        yield events;
      } else {
        await this.#stirring();
      }
    }
  }

  close(): void {
    this.#closed = true;
    this.#stop();
    this.#wake?.();
  }

  #hear(events: readonly RunEvent[]): void {
    this.#stirred = true;
    this.#fresh.push(...events);
    if (this.#fresh.length > this.#parts.maxEvents) this.#fresh = [];
    this.#wake?.();
  }

  /** Undefined: nothing, or not what comes next. */
  #takeFresh(): readonly RunEvent[] | undefined {
    const fresh = this.#fresh.filter(({ seq }) => seq > this.#last);
    this.#fresh = [];
    return fresh[0]?.seq === this.#last + 1 ? fresh : undefined;
  }

  async #read(): Promise<readonly RunEvent[]> {
    this.#stirred = false;
    const { engine, runId } = this.#parts;
    return engine.journal(runId, this.#last + 1, CHUNK);
  }

  #stirring(): Promise<void> {
    if (this.#stirred || this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
