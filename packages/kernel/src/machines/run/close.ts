/**
 * The end of a run: one closing event, and everybody who has to hear of it.
 *
 * What the run still had open is settled by the messages sent here: children by their parent-close
 * policy, topics by taking the waits back, workers by withdrawing their attempts.
 */
import type { LifeEvent, Outcome } from "../../events/run-events.ts";
import { FailureCode } from "../../failure.ts";
import { keyStream, runStream, topicStream } from "../../ids.ts";
import { outcomeOf } from "./evolve.ts";
import { specOf, type RunTurn } from "./turn.ts";
import type { CallOperation, Operation } from "./state.ts";

export type ClosingEvent = Parameters<typeof outcomeOf>[0];

export function closeRun(turn: RunTurn, event: ClosingEvent): void {
  const { state } = turn;
  const spec = specOf(state);
  const open = [...state.operations.values()];
  const { listeners } = state;
  const { namespace } = spec;
  turn.emit(event satisfies LifeEvent);
  const outcome = outcomeOf(event);
  for (const operation of open) abandon(turn, operation, outcome);
  // A shared run does not hold its key, but the key may remember the request that started it.
  if (spec.key && (spec.mode !== "shared" || spec.requestId !== undefined)) {
    turn.effect({
      type: "send",
      to: keyStream(spec.key),
      message: {
        type: "key.closed",
        runId: spec.runId,
        status: outcome.status,
        ...(outcome.status === "continued" ? { next: outcome.runId } : {}),
      },
    });
  }
  // A chain of continue-as-new is one call to whoever waits: the last run tells them.
  if (outcome.status !== "continued") {
    for (const { stream, key } of listeners) {
      const message = { type: "child.closed", key, outcome, namespace } as const;
      turn.effect({ type: "send", to: stream, message });
    }
  }
  turn.effect({ type: "closed", outcome });
}

function abandon(turn: RunTurn, operation: Operation, outcome: Outcome): void {
  switch (operation.type) {
    case "timer":
      return;
    case "step":
      if (operation.spec && (operation.phase === "pending" || operation.phase === "running")) {
        const { key, attempt } = operation;
        turn.effect({ type: "withdraw", key, attempt });
      }
      return;
    case "wait":
      return unsubscribe(turn, operation);
    case "call":
      return partWithChild(turn, operation, outcome);
  }
}

export function unsubscribe(turn: RunTurn, wait: Extract<Operation, { type: "wait" }>): void {
  if (wait.on.type !== "event") return;
  const spec = specOf(turn.state);
  turn.effect({
    type: "send",
    to: topicStream(spec.namespace, wait.on.name),
    message: { type: "topic.unsubscribe", wait: { runId: spec.runId, key: wait.key } },
  });
}

const parentClosed = "the parent run closed";

function partWithChild(turn: RunTurn, call: CallOperation, { status }: Outcome): void {
  if (call.onParentClose === "abandon") return;
  if (call.onParentClose === "follow" && status !== "terminated") return;
  if (call.onParentClose === "cancel" || !call.started)
    return cancelChild(turn, call, parentClosed);
  turn.effect({
    type: "send",
    to: runStream(call.runId),
    message: { type: "run.terminate", reason: parentClosed, namespace: namespaceOf(turn) },
  });
}

/** A child that may still wait in its key's inbox is cancelled through the key. */
export function cancelChild(turn: RunTurn, call: CallOperation, reason: string): void {
  const { key } = call.target;
  const { runId } = call;
  const namespace = namespaceOf(turn);
  turn.effect({
    type: "send",
    ...(key && !call.started
      ? { to: keyStream(key), message: { type: "key.cancel", runId, reason, namespace } }
      : { to: runStream(runId), message: { type: "run.cancel", reason, namespace } }),
  });
}

function namespaceOf(turn: RunTurn): string {
  return specOf(turn.state).namespace;
}

export function timedOut(
  runTimeoutMs: number,
): Extract<Outcome, { status: "timedOut" }>["failure"] {
  return {
    code: FailureCode.timedOut,
    message: `the run did not close within its timeout of ${runTimeoutMs} ms`,
  };
}
