/**
 * `evolve` for a run: the only writer of its state.
 *
 * One function per group of the vocabulary. Nothing here decides: an event says what happened, and
 * the state follows.
 */
import type { LifeEvent, Recorded, RunEvent, RunSpec } from "../../events/run-events.ts";
import type { Outcome } from "../../events/run-events.ts";
import { runStream } from "../../ids.ts";
import { setAlarm } from "./alarms.ts";
import { evolveStep } from "./evolve-steps.ts";
import { evolveTalk } from "./evolve-talk.ts";
import { addOrdinal } from "./ordinals.ts";
import { alarmKeys, none, type RunState } from "./state.ts";
import { isWaking } from "./waking.ts";
import { own, type Owned } from "./owned.ts";

export function evolveRun(state: RunState, event: RunEvent): void {
  const run = own(state);
  run.seq = event.seq;
  run.at = event.at;
  if (isWaking(event)) {
    if (run.wakeSeq <= run.through) run.wokenAt = event.at;
    run.wakeSeq = event.seq;
  }
  apply(run, event);
  // Only operations that were recorded carry an ordinal; the journal then knows of them.
  if ("ordinal" in event) addOrdinal(run.asked, event.ordinal);
}

function apply(run: Owned, event: RunEvent): void {
  switch (event.kind) {
    case "activation.scheduled":
      run.activationRetryAt = undefined;
      return setAlarm(run, alarmKeys.activation, undefined);
    case "activation.completed":
      run.through = event.through;
      run.activationFailures = 0;
      run.activationFailure = undefined;
      return;
    case "activation.failed":
      run.activationFailures = event.attempt;
      run.activationFailure = event.failure;
      run.activationRetryAt = event.retryAt;
      return setAlarm(run, alarmKeys.activation, event.retryAt);
    case "activation.pinned":
      run.version = event.version;
      return;
    case "step.scheduled":
    case "step.rescheduled":
    case "step.started":
    case "step.heartbeat":
    case "step.completed":
    case "step.failed":
    case "step.abandoned":
    case "step.cancelRequested":
    case "step.cancelled":
      return evolveStep(run, event);
    case "attributes.upserted":
      if (event.attributes) run.attributes = { ...run.attributes, ...event.attributes };
      if (event.progress) run.progress = event.progress;
      return;
    case "message.sent":
    case "state.written":
    case "state.cleared":
    case "value.recorded":
      return;
    case "timer.started":
    case "timer.fired":
    case "timer.cancelled":
    case "wait.started":
    case "wait.resolved":
    case "wait.timedOut":
    case "wait.cancelled":
    case "signal.received":
    case "update.accepted":
    case "update.completed":
    case "call.scheduled":
    case "call.started":
    case "call.closed":
      return evolveTalk(run, event);
    default:
      return evolveLife(run, event);
  }
}

function evolveLife(run: Owned, event: LifeEvent & Recorded): void {
  switch (event.kind) {
    case "run.started":
      return start(run, event.spec, event.at);
    case "run.forked":
      return fork(run, event.spec, event.at);
    case "run.cancelRequested":
      run.cancelRequestedAt = event.at;
      return;
    case "run.paused":
      run.paused = {
        reason: event.reason,
        message: event.message,
        since: event.at,
        ...(event.key === undefined ? {} : { key: event.key }),
        ...(event.by === undefined ? {} : { by: event.by }),
      };
      return;
    case "run.resumed":
      run.paused = undefined;
      run.activationRetryAt = undefined;
      return setAlarm(run, alarmKeys.activation, undefined);
    case "run.attached":
      run.listeners = [
        ...run.listeners,
        { stream: runStream(event.listener.runId), key: event.listener.key },
      ];
      return;
    default:
      return close(run, outcomeOf(event), event.at);
  }
}

type ClosingEvent = Exclude<
  LifeEvent,
  {
    kind:
      | "run.started"
      | "run.forked"
      | "run.cancelRequested"
      | "run.paused"
      | "run.resumed"
      | "run.attached";
  }
>;

export function outcomeOf(event: ClosingEvent): Outcome {
  switch (event.kind) {
    case "run.completed":
      return { status: "completed", output: event.output };
    case "run.failed":
      return { status: "failed", failure: event.failure };
    case "run.cancelled":
      return { status: "cancelled", failure: event.failure };
    case "run.terminated":
      return { status: "terminated", failure: event.failure };
    case "run.timedOut":
      return { status: "timedOut", failure: event.failure };
    case "run.continued":
      return { status: "continued", runId: event.runId };
  }
}

function start(run: Owned, spec: RunSpec, at: number): void {
  run.spec = spec;
  run.startedAt = at;
  run.attributes = spec.attributes ?? none.object;
  run.listeners = listenersOf(spec);
  run.begun = spec.startAt === undefined || spec.startAt <= at;
  if (!run.begun) setAlarm(run, alarmKeys.start, spec.startAt);
  if (spec.runTimeoutMs) {
    setAlarm(run, alarmKeys.run, Math.max(at, spec.startAt ?? at) + spec.runTimeoutMs);
  }
}

/** The copied past stays; what was about the original's life starts anew. */
function fork(run: Owned, spec: RunSpec, at: number): void {
  run.spec = spec;
  run.startedAt = at;
  run.listeners = listenersOf(spec);
  run.paused = undefined;
  run.through = 0;
  run.version = undefined;
  run.activationFailures = 0;
  run.activationFailure = undefined;
  run.activationRetryAt = undefined;
  setAlarm(run, alarmKeys.activation, undefined);
  setAlarm(run, alarmKeys.run, spec.runTimeoutMs ? at + spec.runTimeoutMs : undefined);
}

function listenersOf(spec: RunSpec): RunState["listeners"] {
  if (!spec.parent && !spec.notify) return none.list;
  const parent = spec.parent
    ? [{ stream: runStream(spec.parent.runId), key: spec.parent.key }]
    : [];
  return spec.notify ? [...parent, spec.notify] : parent;
}

function close(run: Owned, outcome: Outcome, at: number): void {
  run.outcome = outcome;
  run.closedAt = at;
  run.operations = none.map;
  run.alarms = none.map;
  run.soonest = undefined;
  run.signals = none.map;
  run.bufferedSignals = 0;
}
