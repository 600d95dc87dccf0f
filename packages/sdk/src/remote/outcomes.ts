/**
 * The ends of runs: chains of long polls, for as long as a run takes and whatever the server goes
 * through meanwhile.
 *
 * A start that waits for its key's turn has no run yet, and a server that was started meanwhile has
 * not heard of it: asking for its key makes it look there.
 *
 * When more wait than may at a time, the polls take turns: each is the shorter the more
 * there are, so that all come round in `pollRoundMs`.
 */
import { PerdureError, type Outcome, type RunId } from "@perdure/kernel";
import { answers } from "./answers.ts";
import type { Caller } from "./caller.ts";
import type { WireKey } from "./desk.ts";
import { remoteLimits } from "./limits.ts";

const { attemptMs, pollMs, pollRoundMs } = remoteLimits;

export class Outcomes {
  readonly #caller: Caller;
  /** The newest starts from here that may have to wait for their turn. */
  readonly #queued = new Map<RunId, WireKey>();
  #waiting = 0;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  startedUnder(key: WireKey, runId: RunId): void {
    this.#queued.set(runId, key);
    const [oldest] = this.#queued.keys();
    if (this.#queued.size > remoteLimits.queuedStarts && oldest) this.#queued.delete(oldest);
  }

  async of(runId: RunId): Promise<Outcome> {
    this.#waiting += 1;
    try {
      for (;;) {
        const { outcome } = await this.#find(runId);
        if (outcome !== undefined) return outcome;
      }
    } finally {
      this.#waiting -= 1;
      this.#queued.delete(runId);
    }
  }

  async #find(runId: RunId): Promise<{ outcome?: Outcome }> {
    try {
      return await this.#poll(runId, this.#pollMs());
    } catch (error) {
      const query = this.#queued.get(runId);
      const isMissing = error instanceof PerdureError && error.code === "not-found";
      if (!isMissing || query === undefined) throw error;
      const call = { params: {}, query: { ...query }, answer: answers.maybeRun } as const;
      await this.#caller.call("keys.lookup", { ...call, repeat: "any" });
      return this.#poll(runId, this.#pollMs());
    }
  }

  #pollMs(): number {
    return pollMsFor(this.#waiting, this.#caller.waitsAtOnce);
  }

  #poll(runId: RunId, waitMs: number): Promise<{ outcome?: Outcome }> {
    return this.#caller.call("runs.outcome", {
      params: { runId },
      query: { waitMs },
      answer: answers.outcome,
      repeat: "any",
      lane: "wait",
      attemptMs: waitMs + pollRoundMs + attemptMs,
      deadlineMs: Number.POSITIVE_INFINITY,
    });
  }
}

export function pollMsFor(waiting: number, atOnce: number): number {
  if (waiting <= atOnce) return pollMs;
  return Math.ceil((pollRoundMs * atOnce) / waiting);
}
