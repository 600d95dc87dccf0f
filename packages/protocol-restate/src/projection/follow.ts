/**
 * One event of the journal as Restate's protocol tells it: the command that it holds, and what it
 * tells the SDK. The state follows.
 */
import type { RunEvent, RunEventOf } from "@perdure/kernel";
import type { ProtocolCommand, Result } from "../messages/messages.ts";
import { restateFailureOf } from "./failures.ts";
import { followCalled, followClosed, followSent } from "./follow-talk.ts";
import { followRecord } from "./follow-values.ts";
import { followWaitResolved, followWaitStarted } from "./follow-waits.ts";
import { completed, foreign, forgetWait, keyIn, runOf, type Followed } from "./followed.ts";
import { CANCEL_INDEX, indexedSignal, signalOf } from "./signal-names.ts";
import type { JournalState } from "./state.ts";

const nothing: Followed = {};
const encoder = new TextEncoder();

export function follow(event: RunEvent, state: JournalState): Followed {
  state.seq = event.seq;
  if ("ordinal" in event) state.ordinal = Math.max(state.ordinal, event.ordinal);
  switch (event.kind) {
    case "run.started":
      return { command: inputOf(state) };
    case "run.cancelRequested":
      return followCancel(event, state);
    case "signal.received":
      return followSignal(event, state);
    case "step.completed":
    case "step.failed":
    case "step.abandoned":
      return followStep(event, state);
    case "timer.started":
    case "timer.fired":
      return isEngines(event) ? nothing : followTimer(event, state);
    case "wait.started":
      return followWaitStarted(event, state);
    case "wait.resolved":
      return followWaitResolved(event, state);
    case "wait.cancelled":
      return followWaitCancelled(event, state);
    case "call.scheduled":
    case "call.started":
      return followCalled(event, state);
    case "call.closed":
      return followClosed(event, state);
    case "message.sent":
      return followSent(event, state);
    case "value.recorded":
      return followRecord(event, state);
    case "state.written": {
      const key = encoder.encode(event.name);
      return { command: { type: "setState", key, value: event.value.data, name: "" } };
    }
    case "state.cleared": {
      const { name } = event;
      if (name === undefined) return { command: { type: "clearAllState", name: "" } };
      return { command: { type: "clearState", key: encoder.encode(name), name: "" } };
    }
    default:
      return isNobodys(event) ? nothing : foreign(event);
  }
}

/** Of the engine alone: the SDK knows nothing of them. */
function isNobodys({ kind }: RunEvent): boolean {
  const isLife = kind.startsWith("run.") || kind.startsWith("activation.");
  return isLife && kind !== "run.continued";
}

/** The engine has alarms of its own, such as that of a delayed start. */
function isEngines({ key }: { readonly key: string }): boolean {
  return key.startsWith("$");
}

function inputOf({ context: { spec } }: JournalState): ProtocolCommand {
  const headers = Object.entries(spec.headers ?? {}).map(([key, value]) => ({ key, value }));
  return { type: "input", headers, value: spec.input.data, name: "" };
}

function followCancel({ seq }: RunEvent, state: JournalState): Followed {
  state.isCancelRequested = true;
  state.signals.set(indexedSignal(CANCEL_INDEX), { seq, isFailure: false });
  const signal = { type: "index", index: CANCEL_INDEX } as const;
  return { notification: { type: "signal", signal, result: { type: "void" } } };
}

function followSignal(event: RunEventOf<"signal.received">, state: JournalState): Followed {
  const { name, payload, failure, seq } = event;
  state.signals.set(name, { seq, isFailure: failure !== undefined });
  const signal = signalOf(name);
  if (failure) {
    const result = { type: "failure", failure: restateFailureOf(failure) } as const;
    return { notification: { type: "signal", signal, result } };
  }
  const result = payload
    ? ({ type: "value", value: payload.data } as const)
    : ({ type: "void" } as const);
  return { notification: { type: "signal", signal, result } };
}

type StepEnd =
  | RunEventOf<"step.completed">
  | RunEventOf<"step.failed">
  | RunEventOf<"step.abandoned">;

/**
 * A `run` is written down with its outcome; where something later was written before, a marker holds
 * its place.
 */
function followStep(event: StepEnd, state: JournalState): Followed {
  const { id, name } = keyIn(event, "run");
  if (event.kind === "step.failed" && event.retryAt !== undefined) return foreign(event);
  const isMarked = state.runs.get(id)?.isMarked === true;
  const command = isMarked || event.kind === "step.abandoned" ? {} : { command: runOf(id, name) };
  state.opened.set(id, "run");
  if (event.kind === "step.failed") return command;
  state.runs.delete(id);
  const result: Result =
    event.kind === "step.completed"
      ? { type: "value", value: event.output.data }
      : { type: "failure", failure: restateFailureOf(event.failure) };
  return { ...command, notification: completed(state, event.seq, { of: "run", id, result }) };
}

function followTimer(
  event: RunEventOf<"timer.started"> | RunEventOf<"timer.fired">,
  state: JournalState,
): Followed {
  const { id, name } = keyIn(event, "sleep");
  if (event.kind === "timer.fired") {
    const result = { type: "void" } as const;
    return { notification: completed(state, event.seq, { of: "sleep", id, result }) };
  }
  state.opened.set(id, "sleep");
  return { command: { type: "sleep", wakeUpAt: event.fireAt, completionId: id, name } };
}

function followWaitCancelled(event: RunEventOf<"wait.cancelled">, state: JournalState): Followed {
  keyIn(event, "signal-wait");
  forgetWait(state, event.key);
  return nothing;
}
