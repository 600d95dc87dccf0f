/**
 * Names the situations that a run is in when an event happens to it: told from its state before the
 * event and from the event, as they are on disk. Whether they are reached is what a night asks.
 */
import {
  FailureCode,
  isSignalled,
  signalNameOf,
  type RunEvent,
  type RunState,
} from "@perdure/kernel";
import type { Marks } from "../world/marks.ts";

export function markRun(before: RunState, event: RunEvent, marks: Marks): void {
  for (const name of situations(before, event)) marks.hit(`run: ${name}`);
}

function* situations(before: RunState, event: RunEvent): Generator<string> {
  switch (event.kind) {
    case "run.started":
      yield* beginnings(event);
      break;
    case "run.cancelRequested":
      yield* interrupted("cancelled", before);
      break;
    case "run.terminated":
    case "run.timedOut":
      yield* interrupted(event.kind === "run.timedOut" ? "timed out" : "terminated", before);
      break;
    case "run.completed":
      if (before.operations.size > 0) yield "completed with operations open";
      break;
    case "run.paused":
      yield `paused: ${event.reason}`;
      break;
    case "run.forked":
      if (before.operations.size > 0) yield "forked with operations open";
      break;
    case "signal.received":
      if (before.paused !== undefined) yield "signal while paused";
      if (!waitsFor(before, event.name)) yield "signal before its wait";
      break;
    case "update.completed":
      if (event.failure !== undefined) yield "update failed";
      break;
    case "call.closed":
      yield `call ended: ${event.outcome.status}`;
      break;
    case "message.sent":
      yield `message sent: ${event.message.type}`;
      break;
    case "wait.resolved":
      yield event.signal === undefined ? "wait resolved by an event" : "wait resolved by a signal";
      break;
    case "timer.fired":
      if (before.paused !== undefined) yield "timer fired while paused";
      break;
    default:
      yield* stepSituations(before, event);
  }
}

function* beginnings({ spec }: Extract<RunEvent, { kind: "run.started" }>): Generator<string> {
  if (spec.continuedFrom !== undefined) yield "started to go on as new";
  if (spec.parent !== undefined) yield "started by a parent";
  if (spec.notify !== undefined) yield "started by a schedule";
  if (spec.mode !== undefined) yield `started under a key: ${spec.mode}`;
}

/** Where it was when it was told to stop. */
function* interrupted(what: string, before: RunState): Generator<string> {
  const operations = [...before.operations.values()];
  const isStepOut = operations.some(({ type }) => type === "step");
  if (before.paused !== undefined) yield `${what} while paused`;
  if (!before.begun) yield `${what} before its start time`;
  if (isStepOut) yield `${what} in the middle of a step`;
  if (operations.length > 0 && !isStepOut && before.wakeSeq <= before.through) {
    yield `${what} while parked`;
  }
}

function waitsFor(before: RunState, signal: string): boolean {
  return [...before.operations.values()].some(
    (operation) =>
      operation.type === "wait" &&
      isSignalled(operation.on) &&
      signal === signalNameOf(operation.on),
  );
}

const timeouts: readonly string[] = [
  FailureCode.scheduleToStart,
  FailureCode.startToClose,
  FailureCode.scheduleToClose,
  FailureCode.heartbeat,
];

function* stepSituations(before: RunState, event: RunEvent): Generator<string> {
  switch (event.kind) {
    case "step.started":
      if (event.worker === undefined) yield "a local step is tried again";
      break;
    case "step.failed":
      if (timeouts.includes(event.failure.code)) yield `step failed: ${event.failure.code}`;
      if (event.failure.code === FailureCode.workerLost)
        yield "an attempt was lost with its worker";
      break;
    case "step.completed": {
      const step = before.operations.get(event.key);
      const isUndo = event.key.startsWith("undo:");
      if (event.maybeRan && event.attempt > 1) yield "tried again, and may have run";
      if (isUndo) yield event.maybeRan ? "undone, perhaps twice" : "undone";
      if (before.paused !== undefined) yield "a step ended while paused";
      if (before.cancelRequestedAt !== undefined && !isUndo) yield "a step ended after a cancel";
      if (step?.type === "step" && step.attemptsBefore > 0) yield "a step ended after a resume";
      break;
    }
    default:
  }
}
