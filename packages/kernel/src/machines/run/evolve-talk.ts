/** What timers, waits, signals, updates and calls do to the state. */
import type { Recorded, TalkEvent, TimeEvent, WaitEvent } from "../../events/run-events.ts";
import { isSignalled, signalNameOf } from "../../events/waits.ts";
import { limits } from "../../limits.ts";
import { setAlarm } from "./alarms.ts";
import { mapOf, remove, type Owned } from "./owned.ts";
import { alarmKeys, none, type Operation } from "./state.ts";

type Event = Exclude<TimeEvent | WaitEvent | TalkEvent, { kind: "message.sent" }> & Recorded;

export function evolveTalk(run: Owned, event: Event): void {
  switch (event.kind) {
    case "timer.started":
      return open(run, timer(event), event.fireAt);
    case "timer.fired":
      if (event.key === alarmKeys.start) run.begun = true;
      return end(run, event.key);
    case "wait.started":
      return open(run, wait(event), event.deadline);
    case "wait.resolved":
      if (event.signal !== undefined) takeSignal(run, event.key, event.signal);
      return end(run, event.key);
    case "timer.cancelled":
    case "wait.timedOut":
    case "wait.cancelled":
    case "call.closed":
      return end(run, event.key);
    case "signal.received":
      return bufferSignal(run, event);
    case "update.accepted":
      mapOf(run, "updates").set(event.id, { status: "open" });
      return;
    case "update.completed":
      mapOf(run, "updates").set(event.id, {
        status: "done",
        ...(event.output === undefined ? {} : { output: event.output }),
        ...(event.failure === undefined ? {} : { failure: event.failure }),
      });
      return forgetUpdates(run);
    case "call.scheduled":
      return open(run, call(event), undefined);
    case "call.started": {
      const operation = run.operations.get(event.key);
      if (operation?.type !== "call") return;
      mapOf(run, "operations").set(event.key, { ...operation, started: true, runId: event.runId });
      return;
    }
  }
}

type Of<K extends Event["kind"]> = Extract<Event, { kind: K }>;

function timer(event: Of<"timer.started">): Operation {
  return {
    type: "timer",
    key: event.key,
    ordinal: event.ordinal,
    since: event.at,
    fireAt: event.fireAt,
    ...(event.name === undefined ? {} : { name: event.name }),
  };
}

function wait(event: Of<"wait.started">): Operation {
  return {
    type: "wait",
    key: event.key,
    ordinal: event.ordinal,
    since: event.at,
    on: event.on,
    ...(event.deadline === undefined ? {} : { deadline: event.deadline }),
  };
}

function call(event: Of<"call.scheduled">): Operation {
  return {
    type: "call",
    key: event.key,
    ordinal: event.ordinal,
    since: event.at,
    runId: event.runId,
    target: event.target,
    onParentClose: event.onParentClose,
    // A child without a business key is there as soon as the parent's batch is.
    started: event.target.key === undefined,
  };
}

function open(run: Owned, operation: Operation, alarm: number | undefined): void {
  mapOf(run, "operations").set(operation.key, operation);
  setAlarm(run, operation.key, alarm);
}

function end(run: Owned, key: string): void {
  remove(run, "operations", key);
  setAlarm(run, key, undefined);
}

function bufferSignal(run: Owned, event: Of<"signal.received">): void {
  const signals = mapOf(run, "signals");
  const waiting = signals.get(event.name);
  if (waiting) waiting.push(event.seq);
  else signals.set(event.name, [event.seq]);
  run.bufferedSignals += 1;
  if (event.id !== undefined) remember(run, event.id);
}

function takeSignal(run: Owned, key: string, seq: number): void {
  const operation = run.operations.get(key);
  if (operation?.type !== "wait" || !isSignalled(operation.on)) return;
  const name = signalNameOf(operation.on);
  const waiting = run.signals.get(name);
  if (!waiting) return;
  const rest = waiting.filter((one) => one !== seq);
  run.bufferedSignals -= waiting.length - rest.length;
  if (rest.length === 0) remove(run, "signals", name);
  else mapOf(run, "signals").set(name, rest);
}

/** Remembers the newest ids only. */
function remember(run: Owned, id: string): void {
  if (run.signalIds === none.set) run.signalIds = new Set();
  const ids = run.signalIds as Set<string>;
  ids.add(id);
  if (ids.size <= limits.runSignalIds) return;
  for (const oldest of ids) {
    ids.delete(oldest);
    return;
  }
}

/** Outcomes of the newest updates stay known to those who ask again. */
function forgetUpdates(run: Owned): void {
  const { updates } = run;
  if (updates.size <= limits.runUpdates) return;
  for (const [id, { status }] of updates) {
    if (status === "open") continue;
    remove(run, "updates", id);
    return;
  }
}
