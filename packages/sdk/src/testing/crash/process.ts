/**
 * One process of a scenario: an engine and a worker over the scenario's disk, in its time.
 *
 * C1  A kill takes everything at once: timers, what was deferred, the store's handle, the code. What
 *     is on the disk, and what a step's function has done, stays.
 */
import type { Env } from "@perdure/engine";
import { MemoryStore, type Batch, type Disk } from "@perdure/store";
import { openParts, type Changes, type OpenedParts } from "../../open.ts";
import type { OpenOptions } from "../../open-options.ts";
import type { VirtualEnv } from "../virtual-env.ts";

export interface ProcessOptions {
  readonly disk: Disk;
  readonly world: VirtualEnv;
  readonly open: Omit<OpenOptions, "store" | "env" | "log">;
  readonly changes: Changes;
  /** Called with what has just become durable; nobody has heard of it yet. */
  readonly committed: (batches: readonly Batch[]) => void;
}

export class Process {
  isDead = false;
  readonly #env: ProcessEnv;
  readonly #store: MemoryStore;
  #parts: OpenedParts | undefined;

  private constructor(options: ProcessOptions) {
    this.#env = new ProcessEnv(options.world);
    this.#store = new MemoryStore(options.disk, {
      after: (batches) => {
        options.committed(batches);
        return this.isDead ? new Promise<never>(() => undefined) : Promise.resolve("none");
      },
    });
  }

  static async start(options: ProcessOptions): Promise<Process> {
    const process = new Process(options);
    const silent = () => undefined;
    const opening = { ...options.open, store: process.#store, env: process.#env, log: silent };
    process.#parts = await openParts(opening, options.changes);
    return process;
  }

  get parts(): OpenedParts {
    if (!this.#parts) throw new Error("the process is not open yet");
    return this.#parts;
  }

  kill(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#env.kill();
    void this.#store.close();
    this.#parts?.kill();
  }
}

/** The world as one process has it: when the process dies, it is called back no more (C1). */
class ProcessEnv implements Env {
  readonly log: Env["log"];
  readonly #world: VirtualEnv;
  readonly #timers = new Set<() => void>();
  #isDead = false;

  constructor(world: VirtualEnv) {
    this.#world = world;
    this.log = world.log;
  }

  now(): number {
    return this.#world.now();
  }

  monotonic(): number {
    return this.#world.monotonic();
  }

  random(): number {
    return this.#world.random();
  }

  after(ms: number, call: () => void): () => void {
    if (this.#isDead) return () => undefined;
    const cancel = this.#world.after(ms, () => {
      this.#timers.delete(stop);
      call();
    });
    const stop = (): void => {
      this.#timers.delete(stop);
      cancel();
    };
    this.#timers.add(stop);
    return stop;
  }

  defer(call: () => void): void {
    this.#world.defer(() => {
      if (!this.#isDead) call();
    });
  }

  kill(): void {
    this.#isDead = true;
    for (const stop of this.#timers) stop();
  }
}
