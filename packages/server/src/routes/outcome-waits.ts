/**
 * Long polls for the end of runs. Whoever waits for one run waits for one promise of the engine's,
 * so that a client that polls for days costs one waiter and not thousands.
 */
import type { Env } from "@perdure/engine";
import type { Outcome, RunId } from "@perdure/kernel";

export class OutcomeWaits {
  readonly #env: Env;
  readonly #waits = new Map<RunId, Promise<Outcome>>();

  constructor(env: Env) {
    this.#env = env;
  }

  /** Undefined: it has not ended within `waitMs`, or `signal` has. */
  async wait(
    runId: RunId,
    ask: () => Promise<Outcome>,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Outcome | undefined> {
    const late = Promise.withResolvers<undefined>();
    const giveUp = (): void => late.resolve(undefined);
    // A run that has ended answers within a few turns of the loop, also when nobody waits.
    const cancel = this.#env.after(waitMs, giveUp);
    signal.addEventListener("abort", giveUp);
    try {
      return await Promise.race([this.#of(runId, ask), late.promise]);
    } finally {
      cancel();
      signal.removeEventListener("abort", giveUp);
    }
  }

  #of(runId: RunId, ask: () => Promise<Outcome>): Promise<Outcome> {
    const known = this.#waits.get(runId);
    if (known !== undefined) return known;
    const wait = ask().finally(() => this.#waits.delete(runId));
    this.#waits.set(runId, wait);
    // Whoever waits is told; when nobody does any more, nobody needs to be.
    wait.catch(() => undefined);
    return wait;
  }
}
