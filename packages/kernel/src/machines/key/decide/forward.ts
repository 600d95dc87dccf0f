/** `key.signal` and `key.cancel`: to the run that holds the key, which replies itself. */
import { FailureCode } from "../../../failure.ts";
import { runStream } from "../../../ids.ts";
import { passOn, replyError, replyOk } from "../../reply.ts";
import type { KeyMessageOf, KeyTurn, Waiting } from "../state.ts";
import { openRun, pendingStart } from "../state.ts";
import { tellClosed, tellListener } from "./refuse.ts";

/** One with an id may be a repetition of what the last run has taken before it was over: it knows. */
export function signal(turn: KeyTurn, message: KeyMessageOf<"key.signal">): void {
  const mayBeRepeated = message.signal.id !== undefined;
  const target = openRun(turn.state) ?? (mayBeRepeated ? turn.state.current?.runId : undefined);
  if (target === undefined) {
    const text = "No run is open under this key: start one, with the signal in the same call.";
    return replyError(turn, message, "not-found", text);
  }
  const forwarded = { type: "run.signal", signal: message.signal, ...passOn(message) } as const;
  turn.effect({ type: "send", to: runStream(target), message: forwarded });
}

export function cancel(turn: KeyTurn, message: KeyMessageOf<"key.cancel">): void {
  const { state } = turn;
  const pending = message.runId === undefined ? undefined : pendingStart(state, message.runId);
  if (pending !== undefined) return drop(turn, message, pending);
  const target = message.runId ?? openRun(state);
  if (target === undefined) {
    const text =
      "No run is open under this key: there is nothing to cancel. A start that waits for its " +
      "turn is cancelled by its run id.";
    return replyError(turn, message, "not-found", text);
  }
  const { reason, by, namespace } = message;
  const forwarded = {
    type: "run.cancel",
    ...(reason === undefined ? {} : { reason }),
    ...(by === undefined ? {} : { by }),
    ...(namespace === undefined ? {} : { namespace }),
    ...passOn(message),
  } as const;
  turn.effect({ type: "send", to: runStream(target), message: forwarded });
}

/** K6. */
function drop(turn: KeyTurn, message: KeyMessageOf<"key.cancel">, pending: Waiting): void {
  const text = message.reason ?? "Cancelled before its turn under the key.";
  const failure = { code: FailureCode.cancelled, message: text };
  const outcome = { status: "cancelled", failure } as const;
  turn.emit({ kind: "key.dropped", runId: pending.spec.runId });
  tellClosed(turn, pending.spec, outcome);
  for (const listener of pending.listeners) tellListener(turn, listener, outcome);
  replyOk(turn, message);
}
