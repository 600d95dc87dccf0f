/** What a step's events do to the state. */
import type { Recorded, StepEvent } from "../../events/run-events.ts";
import { invariant } from "../../errors.ts";
import { FailureCode } from "../../failure.ts";
import { defaultRetry } from "../../retry.ts";
import { setAlarm } from "./alarms.ts";
import { mapOf, remove, type Owned } from "./owned.ts";
import type { Failing, RunState, StepOperation } from "./state.ts";

export function evolveStep(run: Owned, event: StepEvent & Recorded): void {
  switch (event.kind) {
    case "step.scheduled":
      return put(run, {
        type: "step",
        key: event.key,
        ordinal: event.ordinal,
        since: event.at,
        name: event.name,
        spec: event.spec,
        retry: event.spec.retry,
        phase: "pending",
        attempt: 1,
        attemptsBefore: 0,
        phaseAt: event.at,
        cancelRequested: false,
        maybeRan: false,
      });
    case "step.rescheduled":
      return next(run, event, "pending");
    case "step.started":
      return started(run, event);
    case "step.heartbeat": {
      const step = openStep(run, event.key);
      const heartbeatDetails = event.details ?? step.heartbeatDetails;
      return put(run, {
        ...step,
        beatAt: event.at,
        ...(heartbeatDetails === undefined ? {} : { heartbeatDetails }),
      });
    }
    case "step.failed":
      return failed(run, event);
    case "step.cancelRequested":
      return put(run, { ...openStep(run, event.key), cancelRequested: true });
    case "step.completed":
      if (event.given === undefined && isLocal(run, event.key)) run.inOrder = event.seq;
      return end(run, event.key);
    case "step.abandoned":
    case "step.cancelled":
      return end(run, event.key);
  }
}

type Event<K extends StepEvent["kind"]> = Extract<StepEvent, { kind: K }> & Recorded;

function end(run: Owned, key: string): void {
  remove(run, "operations", key);
  setAlarm(run, key, undefined);
}

/** The kernel hears of a local step when its first attempt has failed, or of its outcome alone. */
function isLocal(run: Owned, key: string): boolean {
  const step = run.operations.get(key);
  return step === undefined || (step.type === "step" && step.spec === undefined);
}

function started(run: Owned, event: Event<"step.started">): void {
  if (event.worker === undefined) return next(run, event, "running");
  put(run, {
    ...openStep(run, event.key),
    phase: "running",
    phaseAt: event.at,
    beatAt: event.at,
    worker: event.worker,
  });
}

/** A further attempt: after a back-off, or because a person resumed an exhausted step. */
function next(
  run: Owned,
  event: { readonly key: string; readonly attempt: number; readonly at: number },
  phase: "pending" | "running",
): void {
  const { retryAt: _, worker: __, beatAt: ___, ...step } = openStep(run, event.key);
  put(run, {
    ...step,
    phase,
    phaseAt: event.at,
    attempt: event.attempt,
    attemptsBefore: step.phase === "exhausted" ? step.attempt : step.attemptsBefore,
  });
}

function failed(run: Owned, event: Event<"step.failed">): void {
  const { retryAt: _, worker: __, beatAt: ___, ...step } = stepOf(run, event.key) ?? local(event);
  put(run, {
    ...step,
    attempt: event.attempt,
    attemptsBefore: step.attemptsBefore + (event.untouched === true ? 1 : 0),
    phase: event.retryAt === undefined ? "exhausted" : "backoff",
    phaseAt: event.at,
    lastFailure: event.failure,
    failing: failingAfter(step, event),
    maybeRan: step.maybeRan || event.maybeRan === true || isUncertain(event.failure.code),
    ...(event.retryAt === undefined ? {} : { retryAt: event.retryAt }),
  });
}

function failingAfter(step: StepOperation, { failure, at }: Event<"step.failed">): Failing {
  const { failing, lastFailure } = step;
  const isAlike = lastFailure?.code === failure.code && lastFailure.message === failure.message;
  return {
    count: (failing?.count ?? 0) + 1,
    firstAt: failing?.firstAt ?? at,
    lastAt: at,
    alike: isAlike ? (failing?.alike ?? 0) + 1 : 1,
  };
}

/** The first failure of a local step is the first that the journal hears of it. */
function local(event: Event<"step.failed">): StepOperation {
  return {
    type: "step",
    key: event.key,
    ordinal: event.ordinal,
    since: event.at,
    name: event.name,
    retry: event.retry ?? defaultRetry,
    phase: "running",
    attempt: event.attempt,
    attemptsBefore: 0,
    phaseAt: event.at,
    cancelRequested: false,
    maybeRan: event.maybeRan ?? false,
  };
}

/** Nobody knows what the attempt did before it was lost. */
function isUncertain(code: string): boolean {
  return (
    code === FailureCode.workerLost ||
    code === FailureCode.startToClose ||
    code === FailureCode.heartbeat
  );
}

export function stepOf(run: RunState | Owned, key: string): StepOperation | undefined {
  const operation = run.operations.get(key);
  return operation?.type === "step" ? operation : undefined;
}

function openStep(run: Owned, key: string): StepOperation {
  const step = stepOf(run, key);
  invariant(step, `an event speaks of the step ${key}, which is not open`);
  return step;
}

function put(run: Owned, step: StepOperation): void {
  mapOf(run, "operations").set(step.key, step);
  setAlarm(run, step.key, deadlineOf(step)?.at);
}

export type StepDeadline = {
  readonly at: number;
  readonly due:
    | "retry"
    | typeof FailureCode.scheduleToStart
    | typeof FailureCode.startToClose
    | typeof FailureCode.scheduleToClose
    | typeof FailureCode.heartbeat;
};

/** The soonest thing that happens to a step by itself. */
export function deadlineOf(step: StepOperation): StepDeadline | undefined {
  const candidates: StepDeadline[] = [];
  const limit = step.spec?.timeouts;
  if (limit?.scheduleToCloseMs && step.phase !== "exhausted") {
    candidates.push({ at: step.since + limit.scheduleToCloseMs, due: FailureCode.scheduleToClose });
  }
  if (step.phase === "backoff" && step.retryAt !== undefined) {
    candidates.push({ at: step.retryAt, due: "retry" });
  }
  if (step.phase === "pending" && limit?.scheduleToStartMs) {
    const at = step.phaseAt + limit.scheduleToStartMs;
    candidates.push({ at, due: FailureCode.scheduleToStart });
  }
  if (step.phase === "running" && limit?.startToCloseMs) {
    candidates.push({ at: step.phaseAt + limit.startToCloseMs, due: FailureCode.startToClose });
  }
  if (step.phase === "running" && limit?.heartbeatMs && step.spec) {
    const at = (step.beatAt ?? step.phaseAt) + limit.heartbeatMs;
    candidates.push({ at, due: FailureCode.heartbeat });
  }
  return candidates.reduce<StepDeadline | undefined>(
    (soonest, one) => (soonest === undefined || one.at < soonest.at ? one : soonest),
    undefined,
  );
}
