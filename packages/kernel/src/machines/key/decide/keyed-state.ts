/** `key.read`, `key.write`, `key.clear`: the state that outlives each run under the key. */
import { runStream } from "../../../ids.ts";
import { limits } from "../../../limits.ts";
import type { Payload } from "../../../payload.ts";
import type { KeyMessageOf, KeyTurn } from "../state.ts";
import { openRun } from "../state.ts";

/** No entry has the empty name: a read of it asks for the names of all. */
export function read(turn: KeyTurn, message: KeyMessageOf<"key.read">): void {
  const { replyTo, ordinal, name } = message;
  const { entries } = turn.state;
  const value = name === "" ? namesOf(entries) : entries.get(name);
  const answer = {
    type: "state.value",
    key: replyTo.key,
    ordinal,
    ...(value === undefined ? {} : { value }),
  } as const;
  turn.effect({ type: "send", to: runStream(replyTo.runId), message: answer });
}

/** A JSON list, escaped to ASCII, for the kernel has no encoder of text. */
function namesOf(entries: ReadonlyMap<string, unknown>): Payload {
  const text = JSON.stringify([...entries.keys()]).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return { encoding: "json", data: Uint8Array.from(text, (unit) => unit.charCodeAt(0)) };
}

/** K7: past the limit the write is kept, and its run waits for a person before it writes more. */
export function write(turn: KeyTurn, { name, value }: KeyMessageOf<"key.write">): void {
  turn.emit({ kind: "key.written", name, value });
  const open = openRun(turn.state);
  if (open === undefined || turn.state.entries.size <= limits.keyStateEntries) return;
  const message =
    `The key holds more than ${limits.keyStateEntries} entries of state: clear those that are ` +
    "no longer needed, or keep them in a database, then resume.";
  turn.effect({ type: "send", to: runStream(open), message: { type: "run.pause", message } });
}

export function clear(turn: KeyTurn, { name }: KeyMessageOf<"key.clear">): void {
  const { entries } = turn.state;
  if (name === undefined ? entries.size === 0 : !entries.has(name)) return;
  turn.emit({ kind: "key.cleared", ...(name === undefined ? {} : { name }) });
}
