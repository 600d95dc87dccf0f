/** The workers that went away without a goodbye, for a while: for `workers list` and `why`. */
import { limits } from "@perdure/kernel";
import type { Env } from "../env.ts";
import type { RegisteredWorker } from "./registered-worker.ts";

export interface LostWorker {
  readonly registered: RegisteredWorker;
  /** Monotonic ms. */
  readonly at: number;
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

  /** Before what it had is taken from it. */
  add(registered: RegisteredWorker): void {
    const at = this.#env.monotonic();
    const { holds, tasks, lent } = registered;
    const had = { holds: holds.size + (lent?.holds ?? 0), tasks: tasks.size + (lent?.tasks ?? 0) };
    this.#lost.push({ registered, at, ...had });
    if (this.#lost.length > limits.lostWorkers) this.#lost.shift();
  }

  /** It is there again. */
  forget(id: string, namespace: string): void {
    this.#lost = this.#lost.filter(
      ({ registered: { worker, options } }) => worker.id !== id || options.namespace !== namespace,
    );
  }

  in(namespace: string): readonly LostWorker[] {
    const since = this.#env.monotonic() - limits.lostWorkerMs;
    this.#lost = this.#lost.filter(({ at }) => at > since);
    return this.#lost.filter(({ registered }) => registered.options.namespace === namespace);
  }
}
