/** Start, cancel, terminate, pause, resume: what clients do to a whole run. */
import { FailureCode, type Failure } from "../../failure.ts";
import { keyStream, runStream } from "../../ids.ts";
import type { Listener, OperationRef, RunSpec } from "../../events/run-events.ts";
import type { RunMessage } from "../../messages.ts";
import { endOf } from "./arrivals.ts";
import { closeRun } from "./close.ts";
import { refuse, reply, specOf, type RunTurn } from "./turn.ts";

type Of<T extends RunMessage["type"]> = Extract<RunMessage, { type: T }>;

/** A second start of the same run id is the first one, told twice. */
export function startRun(turn: RunTurn, message: Of<"run.start">): void {
  const { spec } = message;
  const { runId, namespace } = spec;
  const existing = turn.state.spec !== undefined;
  if (existing && message.isNamed && !isSameRequest(specOf(turn.state), spec)) {
    return refuse(
      turn,
      message.request,
      "conflict",
      "another run has this id; nothing was started",
    );
  }
  if (existing) meetAgain(turn, spec);
  else {
    turn.emit({ kind: "run.started", spec });
    if (spec.parent && spec.key) {
      turn.effect({
        type: "send",
        to: runStream(spec.parent.runId),
        message: { type: "child.started", key: spec.parent.key, runId, namespace },
      });
    }
    if (spec.notify) {
      turn.effect({
        type: "send",
        to: spec.notify.stream,
        message: { type: "child.started", key: spec.notify.key, runId, namespace },
      });
    }
  }
  reply(turn, message.request, { type: "run", runId, existing });
}

/**
 * A caller who names the run that it starts may be the second: it hears of the end like the first.
 * A key that has forgotten the run is told that it is over.
 */
function meetAgain(turn: RunTurn, { runId, namespace, parent, key, ...spec }: RunSpec): void {
  const { outcome, spec: known } = turn.state;
  const isParent = known?.parent?.runId === parent?.runId && known?.parent?.key === parent?.key;
  if (parent && !isParent) {
    if (isSameRequest(specOf(turn.state), { ...spec, runId, namespace })) attach(turn, parent);
    else tellConflict(turn, parent, namespace);
  }
  if (key && outcome && namespace === known?.namespace) {
    const { status } = outcome;
    const next = status === "continued" ? { next: outcome.runId } : {};
    const closed = { type: "key.closed", runId, status, ...next } as const;
    turn.effect({ type: "send", to: keyStream(key), message: closed });
  }
}

function tellConflict(turn: RunTurn, parent: OperationRef, namespace: string): void {
  const message = "another run has the id that this call names; nothing was started";
  const failure = { code: "conflict", message, retryable: false };
  turn.effect({
    type: "send",
    to: runStream(parent.runId),
    message: {
      type: "child.closed",
      key: parent.key,
      outcome: { status: "failed", failure },
      namespace,
    },
  });
}

/** An id that somebody else's run has is no way to it. */
function isSameRequest(known: RunSpec, { namespace, workflow, requestId }: RunSpec): boolean {
  return (
    known.namespace === namespace && known.workflow === workflow && known.requestId === requestId
  );
}

export function cancel(turn: RunTurn, message: Of<"run.cancel">): void {
  const { state } = turn;
  if (!state.begun) {
    closeRun(turn, { kind: "run.cancelled", failure: cancelled(message.reason) });
  } else if (state.cancelRequestedAt === undefined) {
    turn.emit({
      kind: "run.cancelRequested",
      ...(message.reason === undefined ? {} : { reason: message.reason }),
      ...(message.by === undefined ? {} : { by: message.by }),
    });
  }
  reply(turn, message.request, { type: "ok" });
}

export function cancelled(reason: string | undefined): Failure {
  return { code: FailureCode.cancelled, message: reason ?? "the run was cancelled" };
}

export function terminate(turn: RunTurn, message: Of<"run.terminate">): void {
  closeRun(turn, {
    kind: "run.terminated",
    failure: {
      code: FailureCode.terminated,
      message: message.reason ?? "the run was terminated",
    },
    ...(message.by === undefined ? {} : { by: message.by }),
  });
  reply(turn, message.request, { type: "ok" });
}

export function pause(turn: RunTurn, message: Of<"run.pause">): void {
  if (!turn.state.paused) {
    turn.emit({
      kind: "run.paused",
      reason: "operator",
      message: message.message ?? "paused by an operator",
      ...(message.by === undefined ? {} : { by: message.by }),
    });
  }
  reply(turn, message.request, { type: "ok" });
}

/**
 * Goes on where the run stopped. A step that had used up its attempts gets a fresh set; attempts
 * that waited for a worker are offered again.
 */
export function resume(turn: RunTurn, message: Of<"run.resume">): void {
  if (turn.state.paused) {
    turn.emit({ kind: "run.resumed", ...(message.by === undefined ? {} : { by: message.by }) });
    for (const step of turn.state.operations.values()) {
      if (step.type !== "step") continue;
      if (step.phase === "exhausted") restart(turn, step.key, step.attempt + 1, !!step.spec);
      else if (step.phase === "pending") {
        turn.effect({ type: "offer", key: step.key, attempt: step.attempt });
      }
    }
  }
  reply(turn, message.request, { type: "ok" });
}

function restart(turn: RunTurn, key: string, attempt: number, remote: boolean): void {
  if (!remote) return turn.emit({ kind: "step.started", key, attempt });
  turn.emit({ kind: "step.rescheduled", key, attempt });
  turn.effect({ type: "offer", key, attempt });
}

/** How it ended, to whoever does not wait for it. */
export function peek(turn: RunTurn, listener: OperationRef): void {
  const { outcome } = turn.state;
  turn.effect({
    type: "send",
    to: runStream(listener.runId),
    message: { type: "wait.match", key: listener.key, ...(outcome ? endOf(outcome) : {}) },
  });
}

/** Another operation wants to hear of the end, which may be past already. */
export function attach(turn: RunTurn, listener: OperationRef): void {
  const { outcome } = turn.state;
  const { namespace } = specOf(turn.state);
  if (outcome === undefined) {
    const stream = runStream(listener.runId);
    const isIt = (other: Listener) => other.stream === stream && other.key === listener.key;
    return turn.state.listeners.some(isIt)
      ? undefined
      : turn.emit({ kind: "run.attached", listener });
  }
  const to = outcome.status === "continued" ? runStream(outcome.runId) : runStream(listener.runId);
  turn.effect({
    type: "send",
    to,
    message:
      outcome.status === "continued"
        ? { type: "run.attach", listener, namespace }
        : { type: "child.closed", key: listener.key, outcome, namespace },
  });
}
