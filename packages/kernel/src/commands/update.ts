/**
 * Updates: validated by the code before they leave a trace. A rejected one leaves none; its caller
 * hears it from the worker.
 */
import type { RunTurn } from "../machines/run/turn.ts";
import type { CommandOf } from "./command.ts";

export function acceptUpdate(turn: RunTurn, command: CommandOf<"update.accept">): void {
  const { id, name, payload } = command;
  if (turn.state.updates.has(id)) return;
  turn.emit({ kind: "update.accepted", id, name, payload });
}

export function completeUpdate(turn: RunTurn, command: CommandOf<"update.complete">): void {
  const { id, output, failure } = command;
  if (turn.state.updates.get(id)?.status !== "open") return;
  turn.emit({
    kind: "update.completed",
    id,
    ...(output === undefined ? {} : { output }),
    ...(failure === undefined ? {} : { failure }),
  });
}
