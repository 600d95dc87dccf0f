/** `key.attach`: whoever wants to know how a run under the key ends, or has ended. */
import { FailureCode } from "../../../failure.ts";
import { runStream } from "../../../ids.ts";
import { limits } from "../../../limits.ts";
import { pendingStart, type KeyMessageOf, type KeyTurn } from "../state.ts";

export function attachTo(turn: KeyTurn, message: KeyMessageOf<"key.attach">): void {
  const { ask, listener } = message;
  const runId = message.runId ?? turn.state.current?.runId;
  const heard = { type: "wait.match", key: listener.key } as const;
  const to = runStream(listener.runId);
  if (runId === undefined) {
    const text = "no run is under this key, or its retention has passed";
    const failure = { code: FailureCode.notFound, message: text };
    return turn.effect({ type: "send", to, message: { ...heard, failure } });
  }
  const pending = pendingStart(turn.state, runId);
  if (pending === undefined) {
    const type = ask === "peek" ? "run.peek" : "run.attach";
    return turn.effect({ type: "send", to: runStream(runId), message: { type, listener } });
  }
  if (ask === "peek") return turn.effect({ type: "send", to, message: heard });
  if (pending.listeners.length < limits.keyListeners) {
    return turn.emit({ kind: "key.attached", runId, listener });
  }
  const text = `${limits.keyListeners} calls wait for run ${runId} already: try again later.`;
  const failure = { code: "overloaded", message: text };
  turn.effect({ type: "send", to, message: { ...heard, failure } });
}
