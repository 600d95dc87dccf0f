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
  /** Attempts it has, or that are being claimed for it, by token. */
  readonly tasks: Map<string, Offer> = new Map();
  /** Slots given to runs that are still being loaded. */
  reserved = 0;
  /** Where it looks for work; the one to look at first moves on. */
  readonly buckets: Bucket[] = [];
  turn = 0;
  /** Monotonic ms of its last sign of life, and of its registration. */
  seenAt: number;
  readonly registeredAt: number;
  readonly whenDrained: (() => void)[] = [];

  constructor(worker: Worker, options: WorkerOptions, now: number) {
    this.worker = worker;
    this.options = options;
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

  get hasTaskRoom(): boolean {
    return this.phase === "open" && this.tasks.size < this.options.taskSlots;
  }

  get isEmpty(): boolean {
    return this.holds.size + this.reserved + this.tasks.size === 0;
  }
}
