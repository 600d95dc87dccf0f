/** `child.closed`: a run that the schedule started is over, so what waited for it may start. */
import type { Outcome } from "../../../events/run-events.ts";
import { FailureCode } from "../../../failure.ts";
import { isRunId } from "../../../ids.ts";
import type { ScheduleMessageOf, ScheduleTurn } from "../state.ts";
import { startBuffered } from "./take.ts";

export function closed(turn: ScheduleTurn, message: ScheduleMessageOf<"child.closed">): void {
  const { key: runId, outcome } = message;
  const { spec, running, paused } = turn.state;
  // A continued run goes on under the same listener's key; a deleted schedule's are forgotten.
  if (spec === undefined || outcome.status === "continued") return;
  if (!isRunId(runId) || !running.has(runId)) return;
  turn.emit({ kind: "schedule.closed", runId, status: outcome.status });
  const failure = failureOf(outcome);
  if (failure !== undefined && spec.policy.pauseOnFailure && !paused) {
    const note = `Paused because run ${runId} failed: ${failure}`;
    turn.emit({ kind: "schedule.paused", note });
  }
  startBuffered(turn);
}

/** A start that met another run under its id did not fail: it never was. */
function failureOf(outcome: Outcome): string | undefined {
  if (outcome.status !== "failed" && outcome.status !== "timedOut") return undefined;
  const { code, message } = outcome.failure;
  return code === FailureCode.alreadyStarted ? undefined : message;
}
