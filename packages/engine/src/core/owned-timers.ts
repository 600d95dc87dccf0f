/**
 * The timers of one engine. When it stops they are all gone: none of them calls into what is
 * stopped, and none keeps the process alive.
 */
import type { Env } from "../env.ts";

export class OwnedTimers {
  readonly #env: Env;
  readonly #cancels = new Set<() => void>();
  #isStopped = false;

  constructor(env: Env) {
    this.#env = env;
  }

  /** The world as the engine's parts see it. */
  world(): Env {
    const env = this.#env;
    return {
      now: () => env.now(),
      monotonic: () => env.monotonic(),
      random: () => env.random(),
      defer: (call) => env.defer(call),
      log: (level, message, fields) => env.log(level, message, fields),
      after: (ms, call) => this.#after(ms, call),
    };
  }

  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  #after(ms: number, call: () => void): () => void {
    if (this.#isStopped) return () => undefined;
    const forget = (): void => void this.#cancels.delete(cancel);
    const cancelTimer = this.#env.after(ms, () => {
      forget();
      call();
    });
    const cancel = (): void => {
      forget();
      cancelTimer();
    };
    this.#cancels.add(cancel);
    return cancel;
  }
}
