/** A child run whose outcome the code awaits. */
import { cancelChild } from "../machines/run/close.ts";
import { specOf, type RunTurn } from "../machines/run/turn.ts";
import { childId, startMessage } from "./child.ts";
import type { CommandOf } from "./command.ts";

export function startCall(turn: RunTurn, command: CommandOf<"call.start">): void {
  const { key, ordinal, target, onParentClose } = command;
  const runId = childId(turn, key, target);
  turn.emit({ kind: "call.scheduled", key, ordinal, runId, target, onParentClose });
  const parent = { runId: specOf(turn.state).runId, key };
  turn.effect({
    type: "send",
    ...startMessage(turn, runId, target, { parent, conflict: "fail" }),
  });
}

export function cancelCall(turn: RunTurn, { key }: CommandOf<"call.cancel">): void {
  const call = turn.state.operations.get(key);
  if (call?.type === "call") cancelChild(turn, call, "the caller cancelled the call");
}
