/** From a start to a run, and the one rule of the inbox: a free key takes the next (K2, K3). */
import type { KeyMode, OperationRef, RunSpec } from "../../../events/run-events.ts";
import type { RunId } from "../../../ids.ts";
import { runStream } from "../../../ids.ts";
import type { Pending } from "../events.ts";
import type { KeyTurn, Waiting } from "../state.ts";
import { openRun } from "../state.ts";

/**
 * Starts the run. The key replies itself, so `run.start` carries no request: both machines are on
 * one partition, and a reply leaves only when both decisions are durable.
 */
export function launch(turn: KeyTurn, mode: KeyMode, pending: Pending, queued = false): void {
  const { signal } = pending;
  const spec = { ...pending.spec, mode };
  // A shared run that nobody may ask for again leaves no trace in the key's past.
  if (mode !== "shared" || spec.requestId !== undefined) {
    turn.emit({
      kind: "key.started",
      runId: spec.runId,
      mode,
      ...(spec.requestId === undefined ? {} : { requestId: spec.requestId }),
      ...(queued ? { queued } : {}),
      ...(spec.retentionMs === undefined ? {} : { retentionMs: spec.retentionMs }),
    });
  }
  const to = runStream(spec.runId);
  turn.effect({ type: "send", to, message: { type: "run.start", spec } });
  if (signal !== undefined) {
    turn.effect({ type: "send", to, message: { type: "run.signal", signal } });
  }
}

/** Starts the first of the inbox if the key is free. */
export function startNext(turn: KeyTurn): void {
  const next = turn.state.inbox[0];
  if (next !== undefined && openRun(turn.state) === undefined) launchWaiting(turn, next);
}

export function launchWaiting(turn: KeyTurn, waiting: Waiting): void {
  const { listeners, ...pending } = waiting;
  launch(turn, "exclusive", { ...pending, spec: withoutDelay(pending.spec) }, true);
  for (const listener of listeners) attach(turn, listener, waiting.spec.runId);
}

/** An operation of another run waits for this one's end as for its own child's. */
export function attach(turn: KeyTurn, listener: OperationRef, runId: RunId): void {
  const started = { type: "child.started", key: listener.key, runId } as const;
  turn.effect({ type: "send", to: runStream(listener.runId), message: started });
  const attached = { type: "run.attach", listener } as const;
  turn.effect({ type: "send", to: runStream(runId), message: attached });
}

/** The key has waited for `startAt`; the run need not look at it again. */
export function withoutDelay(spec: RunSpec): RunSpec {
  const { startAt: _, ...rest } = spec;
  return rest;
}
