/** The alarm rang: everything whose time has come happens, soonest first. */
import { FailureCode } from "../../failure.ts";
import { limits } from "../../limits.ts";
import { closeRun, timedOut, unsubscribe } from "./close.ts";
import { deadlineOf, type StepDeadline } from "./evolve-steps.ts";
import { failAttempt } from "./tasks.ts";
import { specOf, type RunTurn } from "./turn.ts";
import { alarmKeys, type StepOperation } from "./state.ts";

export function wake(turn: RunTurn): void {
  const due = [...turn.state.alarms]
    .filter(([, at]) => at <= turn.at)
    .toSorted(([, a], [, b]) => a - b)
    .slice(0, limits.answerCommands);
  for (const [key, at] of due) {
    if (turn.state.outcome) return;
    // What happened before in this turn may have taken the alarm away.
    if (turn.state.alarms.get(key) === at) ring(turn, key);
  }
}

function ring(turn: RunTurn, key: string): void {
  switch (key) {
    case alarmKeys.start:
      return turn.emit({ kind: "timer.fired", key });
    case alarmKeys.activation:
      return turn.emit({
        kind: "activation.scheduled",
        attempt: turn.state.activationFailures + 1,
      });
    case alarmKeys.run:
      return closeRun(turn, {
        kind: "run.timedOut",
        failure: timedOut(specOf(turn.state).runTimeoutMs ?? 0),
      });
    default:
      return ringOperation(turn, key);
  }
}

function ringOperation(turn: RunTurn, key: string): void {
  const operation = turn.state.operations.get(key);
  switch (operation?.type) {
    case "timer":
      return turn.emit({ kind: "timer.fired", key });
    case "wait":
      turn.emit({ kind: "wait.timedOut", key });
      return unsubscribe(turn, operation);
    case "step":
      return ringStep(turn, operation);
    default:
  }
}

function ringStep(turn: RunTurn, step: StepOperation): void {
  const deadline = deadlineOf(step);
  if (!deadline) return;
  const { key, attempt } = step;
  if (deadline.due === "retry") {
    if (!step.spec) return turn.emit({ kind: "step.started", key, attempt: attempt + 1 });
    turn.emit({ kind: "step.rescheduled", key, attempt: attempt + 1 });
    if (!turn.state.paused) turn.effect({ type: "offer", key, attempt: attempt + 1 });
    return;
  }
  if (step.phase !== "backoff") turn.effect({ type: "withdraw", key, attempt });
  const failure = {
    code: deadline.due,
    message: messages[deadline.due],
    // Another attempt cannot give back the time that all attempts share.
    ...(isFinal(deadline.due) ? { retryable: false } : {}),
    ...(step.lastFailure === undefined ? {} : { cause: step.lastFailure }),
  };
  failAttempt(turn, step, failure);
}

type TimeoutCode = Exclude<StepDeadline["due"], "retry">;

function isFinal(code: TimeoutCode): boolean {
  return code === FailureCode.scheduleToStart || code === FailureCode.scheduleToClose;
}

const messages: Readonly<Record<TimeoutCode, string>> = {
  [FailureCode.scheduleToStart]: "no worker took the step in time",
  [FailureCode.startToClose]: "the attempt took too long; it may have acted",
  [FailureCode.scheduleToClose]: "the step did not finish in time over all its attempts",
  [FailureCode.heartbeat]: "the worker sent no heartbeat in time; it may have acted",
};
