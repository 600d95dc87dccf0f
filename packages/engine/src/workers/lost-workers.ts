/**
 * The workers that went away without a goodbye, for a while: for `workers list` and `why`.
 *
 * What is shown of them is kept, and nothing else: a worker that was lost has in its hands all that
 * it was sent and never took.
 */
import { limits } from "@perdure/kernel";
import type { Env } from "../env.ts";
import type { WorkerOptions } from "../worker.ts";
import type { RegisteredWorker } from "./registered-worker.ts";

export interface LostWorker {
  readonly id: string;
  readonly options: WorkerOptions;
  /** Monotonic ms: when it was lost, of its last sign of life, and of its registration. */
  readonly at: number;
  readonly seenAt: number;
  readonly registeredAt: number;
  /** What it had. */
  readonly holds: number;
  readonly tasks: number;
}

export class LostWorkers {
  readonly #env: Env;
  /** The longest lost first. */
  #lost: LostWorker[] = [];

  constructor(env: Env) {
    this.#env = env;
  }

  /** So many are remembered. */
  get size(): number {
    return this.#lost.length;
  }

  /** Before what it had is taken from it. */
  add(registered: RegisteredWorker): void {
    const { worker, options, holds, tasks, lent, seenAt, registeredAt } = registered;
    this.#prune();
    this.#lost.push({
      id: worker.id,
      options,
      at: this.#env.monotonic(),
      seenAt,
      registeredAt,
      holds: holds.size + (lent?.holds ?? 0),
      tasks: tasks.size + (lent?.tasks ?? 0),
    });
    if (this.#lost.length > limits.lostWorkers) this.#lost.shift();
  }

  /** It is there again. */
  forget(id: string, namespace: string): void {
    this.#lost = this.#lost.filter((one) => one.id !== id || one.options.namespace !== namespace);
  }

  in(namespace: string): readonly LostWorker[] {
    this.#prune();
    return this.#lost.filter(({ options }) => options.namespace === namespace);
  }

  #prune(): void {
    const since = this.#env.monotonic() - limits.lostWorkerMs;
    this.#lost = this.#lost.filter(({ at }) => at > since);
  }
}
