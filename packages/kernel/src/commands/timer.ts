/** A durable timer. Its alarm follows from the state: there is nothing else to set. */
import type { RunTurn } from "../machines/run/turn.ts";
import type { CommandOf } from "./command.ts";

export function startTimer(turn: RunTurn, command: CommandOf<"timer.start">): void {
  const { key, ordinal, name, fireAt } = command;
  const named = name === undefined ? {} : { name };
  turn.emit({ kind: "timer.started", key, ordinal, fireAt, ...named });
}

export function cancelTimer(turn: RunTurn, { key }: CommandOf<"timer.cancel">): void {
  if (turn.state.operations.get(key)?.type !== "timer") return;
  turn.emit({ kind: "timer.cancelled", key });
}
