/**
 * A fork: a new run whose journal begins with a copy of another one's prefix (invariant 2).
 *
 * What was open at the cut is opened again for the new run: attempts are offered afresh, waits
 * subscribe, children are started anew. Timers keep their moments.
 */
import type { CallTarget } from "../../events/run-events.ts";
import { isClosing } from "./closing.ts";
import type { RunMessage } from "../../messages.ts";
import { childId, startMessage } from "../../commands/child.ts";
import { askFor } from "../../commands/wait.ts";
import { refuse, reply, type RunTurn } from "./turn.ts";
import type { CallOperation, Operation, StepOperation } from "./state.ts";

export function forkRun(turn: RunTurn, message: Extract<RunMessage, { type: "run.fork" }>): void {
  const { spec, from, prefix, request } = message;
  if (turn.state.spec) {
    return reply(turn, request, { type: "run", runId: spec.runId, existing: true });
  }
  const last = prefix.at(-1);
  if (!last || last.seq !== prefix.length || isClosing(last.kind)) {
    const text = "fork at an event of the journal, from 1 to the last one before the run closed";
    return refuse(turn, request, "invalid-argument", text);
  }
  // A copied event brings its own number and time.
  for (const event of prefix) turn.emit(event);
  turn.emit({ kind: "run.forked", spec, from, through: last.seq });
  for (const operation of turn.state.operations.values()) reopen(turn, operation);
  reply(turn, request, { type: "run", runId: spec.runId, existing: false });
}

function reopen(turn: RunTurn, operation: Operation): void {
  const { key } = operation;
  switch (operation.type) {
    case "timer":
      return;
    case "wait":
      return askFor(turn, key, operation.on);
    case "step": {
      if (operation.phase === "backoff") return;
      if (!operation.spec) return retryExhausted(turn, operation);
      const attempt = operation.attempt + (operation.phase === "pending" ? 0 : 1);
      if (operation.phase !== "pending") turn.emit({ kind: "step.rescheduled", key, attempt });
      return turn.effect({ type: "offer", key, attempt });
    }
    case "call": {
      const target = targetOf(operation);
      const runId = childId(turn, key, target);
      turn.emit({ kind: "call.started", key, runId });
      const parent = { runId: turn.state.spec?.runId ?? runId, key };
      const start = startMessage(turn, runId, target, { parent, conflict: "fail" });
      return turn.effect({ type: "send", ...start });
    }
  }
}

/** A local step that had used up its attempts gets a further one, as after a resume. */
function retryExhausted(turn: RunTurn, { key, phase, attempt }: StepOperation): void {
  if (phase === "exhausted") turn.emit({ kind: "step.started", key, attempt: attempt + 1 });
}

/** A workflow's own child has no business key: the original's holds it. An object keeps its key. */
function targetOf({ target }: CallOperation): CallTarget {
  if (target.mode === "exclusive" || target.mode === "shared") return target;
  const { key: _, mode: __, ...alone } = target;
  return alone;
}
