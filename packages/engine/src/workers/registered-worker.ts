/** What the engine knows of a worker: what it serves, what it has, and whether it lives. */
import type { RunId } from "@perdure/kernel";
import type { Worker, WorkerOptions } from "../worker.ts";
import type { Hold } from "./hold.ts";
import type { Bucket } from "./matcher.ts";
import type { Offer } from "./tasks.ts";

export class RegisteredWorker {
  readonly worker: Worker;
  readonly options: WorkerOptions;
  /** `draining`: finishes what it has. `gone`: closed or lost. */
  phase: "open" | "draining" | "gone" = "open";
  readonly holds: Map<RunId, Hold> = new Map();
  /** Holds whose code waits, the longest parked first: these may be taken away. */
  readonly parked: Map<RunId, Hold> = new Map();
  /** Attempts it has, or that are being claimed for it, by token; and how many of each queue. */
  readonly #tasks: Map<string, Offer> = new Map();
  readonly #tasksOf: Map<string, number> = new Map();
  readonly #terms: ReadonlyMap<string, Terms>;
  /** Slots given to runs that are still being loaded. */
  reserved = 0;
  /** Where it looks for work, the one that it took from longest ago first. */
  readonly buckets: Bucket[] = [];
  /** Monotonic ms of its last sign of life, and of its registration. */
  seenAt: number;
  readonly registeredAt: number;
  readonly whenDrained: (() => void)[] = [];

  constructor(worker: Worker, options: WorkerOptions, now: number) {
    this.worker = worker;
    this.options = options;
    this.#terms = termsOf(options);
    this.seenAt = now;
    this.registeredAt = now;
  }

  get hasFreeRunSlot(): boolean {
    return this.phase === "open" && this.holds.size + this.reserved < this.options.runSlots;
  }

  /** A slot is free, or can be by evicting a coroutine that waits. */
  get hasRunRoom(): boolean {
    return this.hasFreeRunSlot || (this.phase === "open" && this.parked.size > this.reserved);
  }

  get tasks(): ReadonlyMap<string, Offer> {
    return this.#tasks;
  }

  get hasTaskRoom(): boolean {
    return this.phase === "open" && this.#tasks.size < this.options.taskSlots;
  }

  /** A slot is free, and the queue's concurrency here allows one more. */
  hasTaskRoomFor(queue: string): boolean {
    if (!this.hasTaskRoom) return false;
    return (this.#tasksOf.get(queue) ?? 0) + 1 <= this.concurrencyOf(queue);
  }

  concurrencyOf(queue: string): number {
    return this.#terms.get(queue)?.concurrency ?? Infinity;
  }

  priorityOf(queue: string): number {
    return this.#terms.get(queue)?.priority ?? 0;
  }

  take(offer: Offer): void {
    this.#tasks.set(offer.name, offer);
    this.#count(offer.queue, 1);
  }

  /** Was it there? */
  free(offer: Offer): boolean {
    if (!this.#tasks.delete(offer.name)) return false;
    this.#count(offer.queue, -1);
    return true;
  }

  get isEmpty(): boolean {
    return this.holds.size + this.reserved + this.#tasks.size === 0;
  }

  #count(queue: string, change: 1 | -1): void {
    const count = (this.#tasksOf.get(queue) ?? 0) + change;
    if (count === 0) this.#tasksOf.delete(queue);
    else this.#tasksOf.set(queue, count);
  }
}

/** What a worker said of one of its queues. */
interface Terms {
  readonly concurrency: number;
  readonly priority: number;
}

/** A queue that is named twice is bound by both: the lower concurrency, the higher priority. */
function termsOf({ queues }: WorkerOptions): ReadonlyMap<string, Terms> {
  const terms = new Map<string, Terms>();
  for (const { name, concurrency = Infinity, priority } of queues) {
    const other = terms.get(name);
    terms.set(name, {
      concurrency: Math.min(concurrency, other?.concurrency ?? Infinity),
      priority: Math.max(priority ?? other?.priority ?? 0, other?.priority ?? priority ?? 0),
    });
  }
  return terms;
}
