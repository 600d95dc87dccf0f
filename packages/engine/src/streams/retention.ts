/**
 * Forgets closed runs whose retention has passed, a few at a time. It looks when the next one it
 * knows of is due, and once in a long while for those from before its life.
 */
import { limits, partitionOf, type StreamId } from "@perdure/kernel";
import type { Store } from "@perdure/store";
import type { Env } from "../env.ts";
import type { Partition } from "./partition.ts";

const LONGEST_MS = 6 * 3_600_000;

export interface RetentionParts {
  readonly store: Store;
  readonly env: Env;
  readonly everyMs: number;
  readonly partitions: readonly Partition[];
}

export class Retention {
  readonly #parts: RetentionParts;
  #soonest = Infinity;
  #cancel: (() => void) | undefined;
  #timerAt = Infinity;
  #isStopped = false;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#wait(this.#parts.everyMs);
  }

  /** A closed run's row was written. */
  noted(expiresAt: number): void {
    // A row goes when its time is past, not at its time.
    const due = expiresAt + 1;
    if (due >= this.#soonest) return;
    this.#soonest = due;
    const { env, everyMs } = this.#parts;
    this.#wait(Math.max(everyMs, due - env.now()));
  }

  /** A settled run whose row says that its time is over: is it gone now? */
  async forget(stream: StreamId): Promise<boolean> {
    while (await this.#prune());
    return (await this.#parts.store.read(stream, 1, 1)) === undefined;
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #wait(ms: number): void {
    if (this.#isStopped) return;
    const { env, everyMs } = this.#parts;
    const waitMs = Math.min(ms, LONGEST_MS);
    const at = env.now() + waitMs;
    if (at >= this.#timerAt) return;
    this.#cancel?.();
    this.#timerAt = at;
    this.#cancel = env.after(waitMs, () => {
      this.#timerAt = Infinity;
      if (this.#soonest <= env.now()) this.#soonest = Infinity;
      this.#prune().then(
        (isMore) => this.#wait(isMore ? 0 : Math.max(everyMs, this.#soonest - env.now())),
        (error: unknown) => {
          env.log("warn", "closed runs could not be pruned; trying again", { error });
          this.#wait(everyMs);
        },
      );
    });
  }

  async #prune(): Promise<boolean> {
    const { store, env, partitions } = this.#parts;
    const own = partitions.filter(({ isOpen }) => isOpen).map(({ number }) => number);
    const isAll = own.length === partitions.length;
    const gone = await store.prune(env.now(), limits.pruneRuns, isAll ? undefined : own);
    for (const stream of gone) {
      partitions[partitionOf(stream, partitions.length)]?.lives.delete(stream);
    }
    return gone.length > 0;
  }
}
