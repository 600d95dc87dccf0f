/** What the engine knows of a worker: what it serves, what it has, and whether it lives. */
import { ChurnMap, type RunId } from "@perdure/kernel";
import type { Worker, WorkerOptions } from "../worker.ts";
import type { Hold } from "./hold.ts";
import type { Lent } from "./lent.ts";
import type { Bucket } from "./bucket.ts";
import type { Offer } from "./tasks.ts";

export class RegisteredWorker {
  readonly worker: Worker;
  readonly options: WorkerOptions;
  /** It is registered at another node, which lends some of its slots to this one. */
  readonly isBorrowed: boolean;
  /** What this node may use of it now; fewer than it has while others have the rest. */
  runSlots: number;
  taskSlots: number;
  /** What other nodes have of it. */
  lent: Lent | undefined;
  /** Called when a slot may have come free. */
  onFreed: (() => void) | undefined;
  /** `draining`: finishes what it has. `gone`: closed or lost. */
  phase: "open" | "draining" | "gone" = "open";
  readonly holds: ChurnMap<RunId, Hold> = new ChurnMap();
  /** Holds whose code waits, the longest parked first: these may be taken away. */
  readonly parked: ChurnMap<RunId, Hold> = new ChurnMap();
  /** Attempts it has, or that are being claimed for it, by token; and how many of each queue. */
  readonly #tasks = new ChurnMap<string, Offer>();
  readonly #tasksOf: Map<string, number> = new Map();
  readonly #terms: ReadonlyMap<string, Terms>;
  /** Holds whose code has ended its run: all that is left is to hear that the end is on disk. */
  over = 0;
  /** Slots given to runs that are still being loaded. */
  reserved = 0;
  /** Where it looks for work, the one that it took from longest ago first. */
  readonly buckets: Bucket[] = [];
  /** Monotonic ms of its last sign of life, and of its registration. */
  seenAt: number;
  readonly registeredAt: number;
  readonly whenDrained: (() => void)[] = [];

  constructor(worker: Worker, options: WorkerOptions, now: number, isBorrowed = false) {
    this.worker = worker;
    this.options = options;
    this.isBorrowed = isBorrowed;
    this.runSlots = options.runSlots;
    this.taskSlots = options.taskSlots;
    this.#terms = termsOf(options);
    this.seenAt = now;
    this.registeredAt = now;
  }

  get hasFreeRunSlot(): boolean {
    return this.phase === "open" && this.#running + this.reserved < this.runSlots;
  }

  /** A slot is free, or can be by evicting a coroutine that waits. */
  get hasRunRoom(): boolean {
    if (this.hasFreeRunSlot) return true;
    return this.phase === "open" && this.parked.size > this.reserved + this.excessRuns;
  }

  /** Holds that it has more than slots, since some were promised to others: they end at rest. */
  get excessRuns(): number {
    return Math.max(0, this.#running - this.runSlots);
  }

  /**
   * Coroutines that need a slot. One that is over needs none, so that the next begins while the end
   * is written; but no more than there are slots, so that a slow disk is felt. Where slots are lent,
   * other nodes count them, and each keeps its own to the end.
   */
  get #running(): number {
    const isShared = this.isBorrowed || this.lent !== undefined;
    return this.holds.size - (isShared ? 0 : Math.min(this.over, this.runSlots));
  }

  get tasks(): Pick<ChurnMap<string, Offer>, "size" | "has" | "get" | "values" | "keys"> {
    return this.#tasks;
  }

  get hasTaskRoom(): boolean {
    return this.phase === "open" && this.#tasks.size < this.taskSlots;
  }

  /** A slot is free, and the queue's concurrency here allows one more. */
  hasTaskRoomFor(queue: string): boolean {
    if (!this.hasTaskRoom) return false;
    const others = this.lent === undefined ? 0 : this.lent.tasksOf(queue);
    return (this.#tasksOf.get(queue) ?? 0) + others + 1 <= this.concurrencyOf(queue);
  }

  /** Attempts of the queue's steps that this node has here. */
  tasksOf(queue: string): number {
    return this.#tasksOf.get(queue) ?? 0;
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
    if (this.lent !== undefined) return false;
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
