/**
 * A run's journal on its way to a worker, a page at a time, and whatever else the worker is to hear
 * of that run meanwhile.
 *
 * J1  Nothing of a run overtakes its journal.
 * J2  Pages of many runs take turns, and what waits is not encoded yet.
 */
import type { Activation } from "@perdure/engine";
import type { RunEvent } from "@perdure/kernel";
import {
  encodeServerMessage,
  pageFrom,
  weightOfEvents,
  wireLimits,
  type ServerMessage,
  type Source,
} from "@perdure/wire";

export interface PagesParts {
  /** Every page was taken, and these have waited behind them. */
  readonly sent: (pages: JournalPages, behind: readonly ServerMessage[]) => void;
  /** A page that cannot be sent at all. */
  readonly failed: (pages: JournalPages, error: unknown) => void;
}

export class JournalPages implements Source {
  readonly activation: Activation;
  /** It waits unencoded: its session counts `bytes`, what the journal will be on its way. */
  readonly weight = 64;
  readonly bytes: number;
  readonly #parts: PagesParts;
  readonly #events: readonly RunEvent[];
  #at = 0;
  readonly #behind: ServerMessage[] = [];
  isDone = false;

  constructor(activation: Activation, parts: PagesParts) {
    this.activation = activation;
    this.#parts = parts;
    // What comes to the journal from here on is delivered behind the pages.
    this.#events = [...activation.events];
    this.bytes = weightOfEvents(activation.events);
  }

  get hasBegun(): boolean {
    return this.#at > 0;
  }

  /** J1. */
  follow(message: ServerMessage): void {
    this.#behind.push(message);
  }

  cancel(): void {
    this.isDone = true;
    this.#behind.length = 0;
  }

  next(): Uint8Array | undefined {
    if (this.isDone) return undefined;
    const { runId, lease, spec, through, lostAt } = this.activation;
    const from = this.#at;
    const count = pageFrom(this.#events, from, wireLimits.pageEvents);
    this.#at += count;
    const isLast = this.#at === this.#events.length;
    const events = this.#events.slice(from, this.#at);
    const page = { runId, lease, events, isLast };
    try {
      return encodeServerMessage(
        from === 0
          ? { type: "activate", ...page, spec, through, lostAt }
          : { type: "page", ...page },
      );
    } catch (error) {
      this.cancel();
      this.#parts.failed(this, error);
      return undefined;
    } finally {
      if (isLast && !this.isDone) {
        this.isDone = true;
        this.#parts.sent(this, this.#behind);
      }
    }
  }
}
