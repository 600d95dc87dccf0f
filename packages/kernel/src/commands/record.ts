/** Facts for replay, for searches and for people. */
import type { RunTurn } from "../machines/run/turn.ts";
import type { CommandOf } from "./command.ts";

export function recordValue(turn: RunTurn, command: CommandOf<"value.record">): void {
  const { key, ordinal, value } = command;
  turn.emit({ kind: "value.recorded", key, ordinal, value });
}

export function upsertAttributes(turn: RunTurn, command: CommandOf<"attributes.upsert">): void {
  const { ordinal, attributes, progress } = command;
  turn.emit({
    kind: "attributes.upserted",
    ordinal,
    ...(attributes === undefined ? {} : { attributes }),
    ...(progress === undefined ? {} : { progress }),
  });
}
