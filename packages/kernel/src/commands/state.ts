/**
 * Keyed state, seen from the run that holds the key.
 *
 * Writes go to the key's machine in the same batch. A read is answered in the same batch too and
 * recorded in the run's journal, so that a replay reads what was there then, not what is there now.
 */
import { keyStream, type KeyRef } from "../ids.ts";
import { specOf, type RunTurn } from "../machines/run/turn.ts";
import type { CommandOf } from "./command.ts";

export function writeState(turn: RunTurn, command: CommandOf<"state.write">): string | undefined {
  const key = writableKey(turn);
  if (typeof key === "string") return key;
  const { ordinal, name, value } = command;
  turn.emit({ kind: "state.written", ordinal, name, value });
  turn.effect({ type: "send", to: keyStream(key), message: { type: "key.write", name, value } });
  return undefined;
}

export function clearState(turn: RunTurn, command: CommandOf<"state.clear">): string | undefined {
  const key = writableKey(turn);
  if (typeof key === "string") return key;
  const name = command.name === undefined ? {} : { name: command.name };
  turn.emit({ kind: "state.cleared", ordinal: command.ordinal, ...name });
  turn.effect({ type: "send", to: keyStream(key), message: { type: "key.clear", ...name } });
  return undefined;
}

export function readState(turn: RunTurn, command: CommandOf<"state.read">): string | undefined {
  const { runId, key } = specOf(turn.state);
  if (!key) return noKey;
  const { name, ordinal } = command;
  const replyTo = { runId, key: command.key };
  turn.effect({
    type: "send",
    to: keyStream(key),
    message: { type: "key.read", name, replyTo, ordinal },
  });
  return undefined;
}

const noKey = "the code asks for keyed state, but this run was started without a key";

function writableKey(turn: RunTurn): KeyRef | string {
  const { key, mode } = specOf(turn.state);
  if (!key) return noKey;
  return mode === "shared"
    ? "the code writes keyed state in a shared handler; only exclusive handlers may"
    : key;
}
