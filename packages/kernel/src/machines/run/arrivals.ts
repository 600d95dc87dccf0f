/** What comes to an open run from elsewhere: signals, matches, children's news, keyed state. */
import type { Failure } from "../../failure.ts";
import type { Outcome } from "../../events/run-events.ts";
import type { RunId } from "../../ids.ts";
import { limits } from "../../limits.ts";
import type { RunMessage } from "../../messages.ts";
import type { Payload } from "../../payload.ts";
import { isSignalled, signalNameOf } from "../../events/waits.ts";
import { hasOrdinal } from "./ordinals.ts";
import { refuse, reply, type RunTurn } from "./turn.ts";
import type { RunState, WaitOperation } from "./state.ts";

type Of<T extends RunMessage["type"]> = Extract<RunMessage, { type: T }>;
type Signal = Of<"run.signal">["signal"];

/** Journals the signal, once per id, and gives it to the wait that was asked for first. */
export function received(turn: RunTurn, message: Of<"run.signal">): void {
  const { signal, request } = message;
  const { state } = turn;
  if (!isRepeated(state, signal)) {
    if (state.bufferedSignals >= limits.runBufferedSignals) {
      const text = `the run holds ${limits.runBufferedSignals} signals that nothing has taken; have it wait for "${signal.name}", or continue as new`;
      return refuse(turn, request, "limit-exceeded", text);
    }
    turn.emit({ kind: "signal.received", ...signal });
    const wait = firstWait(state, signal.name);
    if (wait) turn.emit({ kind: "wait.resolved", key: wait.key, signal: state.seq });
  }
  reply(turn, request, { type: "ok" });
}

/** Has the run taken a signal of this id? */
export function isRepeated({ signalIds }: RunTurn["state"], { id }: Signal): boolean {
  return id !== undefined && signalIds.has(id);
}

function firstWait(state: RunState, name: string): WaitOperation | undefined {
  for (const operation of state.operations.values()) {
    if (operation.type !== "wait" || !isSignalled(operation.on)) continue;
    if (signalNameOf(operation.on) === name) return operation;
  }
  return undefined;
}

export function matched(turn: RunTurn, message: Of<"wait.match">): void {
  const { key, payload, failure } = message;
  if (turn.state.operations.get(key)?.type !== "wait") return;
  turn.emit({
    kind: "wait.resolved",
    key,
    ...(payload === undefined ? {} : { payload }),
    ...(failure === undefined ? {} : { failure }),
  });
}

export function childStarted(turn: RunTurn, key: string, runId: RunId): void {
  const call = turn.state.operations.get(key);
  if (call?.type !== "call" || call.started) return;
  turn.emit({ kind: "call.started", key, runId });
}

export function childClosed(turn: RunTurn, key: string, outcome: Outcome): void {
  const operation = turn.state.operations.get(key);
  if (operation?.type === "wait" && operation.on.type === "run") {
    return matched(turn, { type: "wait.match", key, ...endOf(outcome) });
  }
  if (operation?.type === "call") turn.emit({ kind: "call.closed", key, outcome });
}

export function stateValue(turn: RunTurn, message: Of<"state.value">): void {
  const { key, ordinal, value } = message;
  if (hasOrdinal(turn.state.asked, ordinal)) return;
  turn.emit({ kind: "value.recorded", key, ordinal, ...(value === undefined ? {} : { value }) });
}

/** An outcome as what a wait for it is resolved with; of a run that goes on elsewhere nothing. */
export function endOf(outcome: Outcome): { payload?: Payload; failure?: Failure } {
  if (outcome.status === "completed") return { payload: outcome.output };
  return outcome.status === "continued" ? {} : { failure: outcome.failure };
}
