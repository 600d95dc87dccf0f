/** Answering a start with a run that is there already. */
import { FailureCode } from "../../../failure.ts";
import type { OperationRef } from "../../../events/run-events.ts";
import type { RunId } from "../../../ids.ts";
import { runStream } from "../../../ids.ts";
import { limits } from "../../../limits.ts";
import { reply } from "../../reply.ts";
import type { KeyMessageOf, KeyTurn, Waiting } from "../state.ts";
import { pendingStart } from "../state.ts";
import { attach } from "./launch.ts";
import { tellListener } from "./refuse.ts";

/** The run that this very start was answered with before, if it was (K4). */
export function answeredBefore(
  { state }: KeyTurn,
  { spec }: KeyMessageOf<"key.start">,
): RunId | undefined {
  if (spec.requestId !== undefined) {
    const remembered = state.requests.get(spec.requestId);
    if (remembered !== undefined) return remembered.runId;
  }
  const isHere =
    state.current?.runId === spec.runId || pendingStart(state, spec.runId) !== undefined;
  return isHere ? spec.runId : undefined;
}

/** The signal that rode along has been delivered with the first answer: it is not sent again. */
export function joinAgain(turn: KeyTurn, message: KeyMessageOf<"key.start">, runId: RunId): void {
  reply(turn, message, { type: "run", runId, existing: true });
  const { parent } = message.spec;
  if (message.spec.runId !== runId) attachAll(turn, message, runId);
  // Another call has named the same run. The run knows who waits for it already.
  else if (parent !== undefined && !isOwn(turn, parent, runId)) attachParent(turn, parent, runId);
}

function isOwn({ state }: KeyTurn, parent: OperationRef, runId: RunId): boolean {
  const own = pendingStart(state, runId)?.spec.parent;
  return own?.runId === parent.runId && own.key === parent.key;
}

/** The conflict policy `useExisting`: another caller's run will do. */
export function joinOther(turn: KeyTurn, message: KeyMessageOf<"key.start">, runId: RunId): void {
  const { requestId } = message.spec;
  if (requestId !== undefined) turn.emit({ kind: "key.remembered", requestId, runId });
  reply(turn, message, { type: "run", runId, existing: true });
  attachAll(turn, message, runId);
  if (message.signal === undefined) return;
  const signal = { type: "run.signal", signal: message.signal } as const;
  turn.effect({ type: "send", to: runStream(runId), message: signal });
}

/** A parent waits for the run's end like for its own child's. */
function attachAll(turn: KeyTurn, { spec }: KeyMessageOf<"key.start">, runId: RunId): void {
  const { parent, notify } = spec;
  if (parent !== undefined) attachParent(turn, parent, runId);
  if (notify === undefined) return;
  const failure = {
    code: FailureCode.alreadyStarted,
    message: `Run ${runId}, which somebody else had started, has this key.`,
    retryable: false,
  };
  const outcome = { status: "failed", failure } as const;
  const closed = { type: "child.closed", key: notify.key, outcome } as const;
  turn.effect({ type: "send", to: notify.stream, message: closed });
}

function attachParent(turn: KeyTurn, parent: OperationRef, runId: RunId): void {
  const pending = pendingStart(turn.state, runId);
  if (pending === undefined) attach(turn, parent, runId);
  else attachPending(turn, parent, pending);
}

function attachPending(turn: KeyTurn, listener: OperationRef, pending: Waiting): void {
  const { runId } = pending.spec;
  if (pending.listeners.length < limits.keyListeners) {
    return turn.emit({ kind: "key.attached", runId, listener });
  }
  const message = `${limits.keyListeners} calls wait for run ${runId} already: try again later.`;
  tellListener(turn, listener, { status: "failed", failure: { code: "overloaded", message } });
}
