/**
 * The ends of runs: chains of long polls, for as long as a run takes and whatever the server goes
 * through meanwhile.
 *
 * When more wait than there are connections, the polls take turns: each is the shorter the more
 * there are, so that all come round in `pollRoundMs`.
 */
import type { Outcome, RunId } from "@perdure/kernel";
import { answers } from "./answers.ts";
import type { Caller } from "./caller.ts";
import { remoteLimits } from "./limits.ts";

const { attemptMs, pollMs, pollRoundMs, waitConnections } = remoteLimits;

export class Outcomes {
  readonly #caller: Caller;
  #waiting = 0;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async of(runId: RunId): Promise<Outcome> {
    this.#waiting += 1;
    try {
      for (;;) {
        const { outcome } = await this.#poll(runId, pollMsFor(this.#waiting));
        if (outcome !== undefined) return outcome;
      }
    } finally {
      this.#waiting -= 1;
    }
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

export function pollMsFor(waiting: number): number {
  if (waiting <= waitConnections) return pollMs;
  return Math.ceil((pollRoundMs * waitConnections) / waiting);
}
