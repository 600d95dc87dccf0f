/**
 * An import: a run that another engine has journaled goes on here, or lies here if it is over. The
 * shell has checked the journal; it becomes this run's as it is.
 *
 * What was open is opened again: attempts are offered, waits subscribe, timers keep their moments.
 * An attempt that was with a worker elsewhere counts as lost. A child need not be here: it may be
 * imported later, so the call waits on, and whichever of the two comes second tells the other.
 */
import { FailureCode } from "../../failure.ts";
import { keyStream, runStream } from "../../ids.ts";
import type { RunMessage } from "../../messages.ts";
import { askFor } from "../../commands/wait.ts";
import { isSame } from "../../journal/same.ts";
import { refuse, reply, specOf, type RunTurn } from "./turn.ts";
import type { Operation } from "./state.ts";
import { failAttempt } from "./tasks.ts";

type Import = Extract<RunMessage, { type: "run.import" }>;

export function importRun(turn: RunTurn, message: Import): void {
  const { spec, events, request } = message;
  const { runId } = spec;
  if (turn.state.spec !== undefined) return meet(turn, message);
  for (const event of events) turn.emit(event);
  const { outcome } = turn.state;
  if (outcome !== undefined) {
    if (outcome.status !== "continued") {
      const { namespace } = spec;
      for (const { stream, key } of turn.state.listeners) {
        const closed = { type: "child.closed", key, outcome, namespace } as const;
        turn.effect({ type: "send", to: stream, message: closed });
      }
    }
    turn.effect({ type: "closed", outcome });
  } else {
    for (const operation of turn.state.operations.values()) reopen(turn, operation);
  }
  reply(turn, request, { type: "run", runId, existing: false });
}

/** The same run, as far as it had come or further, is the import told twice. */
function meet(turn: RunTurn, { spec, events, request }: Import): void {
  const { state } = turn;
  const begun = events.findLast(({ kind }) => kind === "run.started" || kind === "run.forked");
  const isIt =
    isSame(state.spec, spec) && state.startedAt === begun?.at && state.seq >= events.length;
  const { runId } = spec;
  if (isIt) return reply(turn, request, { type: "run", runId, existing: true });
  // The key took it for this one before anybody could know.
  if (spec.key && !isSame(spec.key, state.spec?.key)) {
    const closed = { type: "key.closed", runId, status: "terminated" } as const;
    turn.effect({ type: "send", to: keyStream(spec.key), message: closed });
  }
  const text =
    "another run, or an older copy of this one, is here under this id; nothing was written";
  refuse(turn, request, "conflict", text, { runId });
}

function reopen(turn: RunTurn, operation: Operation): void {
  const { key } = operation;
  switch (operation.type) {
    case "timer":
      return;
    case "wait":
      return askFor(turn, key, operation.on);
    case "step": {
      if (!operation.spec) return;
      if (operation.phase === "pending") {
        // Those of a paused run are offered when it is resumed.
        if (turn.state.paused) return;
        turn.effect({ type: "offer", key, attempt: operation.attempt });
      } else if (operation.phase === "running") {
        failAttempt(turn, operation, {
          code: FailureCode.workerLost,
          message: "the run was exported while a worker had the step; it may have acted",
        });
      }
      return;
    }
    case "call": {
      const { runId, namespace } = specOf(turn.state);
      const listener = { runId, key };
      const attach = { type: "run.attach", listener, namespace, ifThere: true } as const;
      turn.effect({ type: "send", to: runStream(operation.runId), message: attach });
    }
  }
}
