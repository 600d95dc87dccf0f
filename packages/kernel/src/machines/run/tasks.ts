/**
 * Remote steps, as their workers tell them.
 *
 * Invariant 5: an outcome is accepted once, from the open attempt only. A worker that was too slow
 * hears `stale` and must not act on what it holds.
 */
import { FailureCode, type Failure } from "../../failure.ts";
import type { RunMessage, StepResult } from "../../messages.ts";
import { pauseMs, retryDelayMs, type RetryPolicy } from "../../retry.ts";
import { stepOf } from "./evolve-steps.ts";
import { refuse, reply, specOf, type RunTurn } from "./turn.ts";
import type { StepOperation } from "./state.ts";

type Of<T extends RunMessage["type"]> = Extract<RunMessage, { type: T }>;

const stale = "this attempt is no longer open: it was taken, ended or withdrawn; drop it";

export function claim(turn: RunTurn, message: Of<"step.claim">): void {
  const step = stepOf(turn.state, message.key);
  const open = step?.spec && step.phase === "pending" && step.attempt === message.attempt;
  if (!open || turn.state.paused) return refuse(turn, message.request, "stale", stale);
  turn.emit({
    kind: "step.started",
    key: step.key,
    attempt: step.attempt,
    worker: message.worker,
    ...(step.maybeRan ? { maybeRan: true } : {}),
  });
  const { headers } = specOf(turn.state);
  reply(turn, message.request, {
    type: "claimed",
    spec: step.spec,
    attempt: step.attempt,
    maybeRan: step.maybeRan,
    ...(step.heartbeatDetails === undefined ? {} : { heartbeatDetails: step.heartbeatDetails }),
    ...(headers === undefined ? {} : { headers }),
  });
}

/** The step, if this attempt of it is out. */
function attemptOut(turn: RunTurn, key: string, attempt: number): StepOperation | undefined {
  const step = stepOf(turn.state, key);
  return step?.spec && step.phase === "running" && step.attempt === attempt ? step : undefined;
}

export function beat(turn: RunTurn, message: Of<"step.beat">): void {
  const step = attemptOut(turn, message.key, message.attempt);
  if (!step) return refuse(turn, message.request, "stale", stale);
  turn.emit({
    kind: "step.heartbeat",
    key: step.key,
    attempt: step.attempt,
    ...(message.details === undefined ? {} : { details: message.details }),
  });
  reply(turn, message.request, { type: "beat", cancelRequested: step.cancelRequested });
}

export function result(turn: RunTurn, message: Of<"step.result">): void {
  const step = attemptOut(turn, message.key, message.attempt);
  if (!step) return refuse(turn, message.request, "stale", stale);
  const { key, ordinal, name, attempt } = step;
  switch (message.result.type) {
    case "completed": {
      const ran = step.maybeRan ? { maybeRan: true } : {};
      const { output } = message.result;
      turn.emit({ kind: "step.completed", key, ordinal, name, attempt, output, ...ran });
      break;
    }
    case "failed":
      failAttempt(turn, step, message.result.failure, untouchedBy(message.result));
      break;
    case "cancelled":
      if (step.cancelRequested) turn.emit({ kind: "step.cancelled", key });
      else failAttempt(turn, step, uncalledFor);
  }
  reply(turn, message.request, { type: "ok" });
}

function untouchedBy({ untouched }: Extract<StepResult, { type: "failed" }>): FailureMore {
  return untouched === true ? { untouched } : {};
}

const uncalledFor: Failure = {
  code: FailureCode.cancelled,
  message: "the worker gave the step up though nobody had cancelled it",
};

export function lost(turn: RunTurn, message: Of<"step.lost">): void {
  const step = attemptOut(turn, message.key, message.attempt);
  if (!step || step.worker !== message.worker) return;
  failAttempt(turn, step, {
    code: FailureCode.workerLost,
    message: `the worker ${message.worker} was lost while it ran the step; it may have acted`,
  });
}

/** What has to be known of an attempt to judge its failure. */
type FailedAttempt = Pick<
  StepOperation,
  | "key"
  | "ordinal"
  | "name"
  | "attempt"
  | "attemptsBefore"
  | "retry"
  | "cancelRequested"
  | "maybeRan"
>;

/** What the journal must hold beside. */
interface FailureMore {
  /** Of a local step, when this is the first it hears of it. */
  readonly retry?: RetryPolicy;
  /** No code has seen the attempt. */
  readonly untouched?: true;
}

/**
 * An attempt is over without a result: wait and try again, ask a person, or tell the code.
 * `attempt` counts from the start; the policy counts from the last resume, and only attempts that
 * have reached code.
 */
export function failAttempt(
  turn: RunTurn,
  step: FailedAttempt,
  failure: Failure,
  more: FailureMore = {},
): void {
  const { key, ordinal, name, attempt } = step;
  const delayOf = more.untouched === true ? pauseMs : retryDelayMs;
  const delayMs = step.cancelRequested
    ? undefined
    : delayOf(step.retry, attempt - step.attemptsBefore, failure);
  turn.emit({
    kind: "step.failed",
    key,
    ordinal,
    name,
    attempt,
    failure,
    ...more,
    ...(delayMs === undefined ? {} : { retryAt: turn.at + delayMs }),
    ...(step.maybeRan ? { maybeRan: true } : {}),
  });
  if (delayMs === undefined) giveUp(turn, step, failure);
}

/** Out of attempts. */
function giveUp(turn: RunTurn, step: FailedAttempt, failure: Failure): void {
  if (step.cancelRequested) return turn.emit({ kind: "step.cancelled", key: step.key });
  if (step.retry.onExhausted !== "pause") {
    return turn.emit({ kind: "step.abandoned", key: step.key, failure });
  }
  turn.emit({
    kind: "run.paused",
    reason: "exhausted",
    key: step.key,
    message: `the step ${step.key} failed for good (${failure.code}: ${failure.message}); cure the cause and resume the run`,
  });
}
