/**
 * The local steps that a worker elsewhere says its runs' code is in: for `why`, and for nothing else.
 * What is kept is bounded; past it the oldest is forgotten, and `why` says only who has the run.
 */
import type { Env } from "@perdure/engine";
import type { Command, RunId } from "@perdure/kernel";
import type { WorkerMessage } from "@perdure/wire";

/** `since`: ms since epoch, by the clock of this side. */
export interface LongStep {
  readonly key: string;
  readonly since: number;
}

export class LongSteps {
  readonly #env: Env;
  readonly #max: number;
  readonly #steps = new Map<RunId, LongStep & { readonly lease: number }>();

  constructor(env: Env, max: number) {
    this.#env = env;
    this.#max = max;
  }

  of(runId: RunId): LongStep | undefined {
    const step = this.#steps.get(runId);
    return step && { key: step.key, since: step.since };
  }

  told({ runId, lease, step }: Extract<WorkerMessage, { type: "doing" }>): void {
    // What comes late, of an earlier hold, says nothing of this one.
    if (lease < (this.#steps.get(runId)?.lease ?? 0)) return;
    this.#steps.delete(runId);
    if (step === undefined) return;
    const since = Math.round(this.#env.now() - Math.max(0, step.forMs));
    this.#steps.set(runId, { lease, key: step.key, since });
    if (this.#steps.size <= this.#max) return;
    const [oldest] = this.#steps.keys();
    if (oldest !== undefined) this.#steps.delete(oldest);
  }

  /** The worker need not say so: the step's outcome is here. */
  ended(runId: RunId, commands: readonly Command[]): void {
    const key = this.#steps.get(runId)?.key;
    if (key === undefined) return;
    const ends = (command: Command): boolean => "key" in command && command.key === key;
    if (commands.some(ends)) this.#steps.delete(runId);
  }

  forget(runId: RunId): void {
    this.#steps.delete(runId);
  }
}
