/** A remote step goes to a task queue; any worker that knows its task may take it. */
import { stepOf } from "../machines/run/evolve-steps.ts";
import type { RunTurn } from "../machines/run/turn.ts";
import type { CommandOf } from "./command.ts";

export function scheduleStep(turn: RunTurn, command: CommandOf<"step.schedule">): void {
  const { key, ordinal, name, spec } = command;
  turn.emit({ kind: "step.scheduled", key, ordinal, name, spec });
  if (!turn.state.paused) turn.effect({ type: "offer", key, attempt: 1 });
}

/** An attempt that is out is asked to stop; its worker has the last word on how it ended. */
export function cancelStep(turn: RunTurn, { key }: CommandOf<"step.cancel">): void {
  const step = stepOf(turn.state, key);
  if (!step || step.cancelRequested) return;
  const { attempt, phase } = step;
  if (phase === "running" && step.spec) {
    turn.emit({ kind: "step.cancelRequested", key });
  } else {
    turn.emit({ kind: "step.cancelled", key });
  }
  if (step.spec && phase !== "backoff") turn.effect({ type: "withdraw", key, attempt });
}
