/** `key.read`, `key.write`, `key.clear`, `key.replace`: the state that outlives each run under the key. */
import { runStream } from "../../../ids.ts";
import { limits } from "../../../limits.ts";
import type { Payload } from "../../../payload.ts";
import type { KeyMessageOf, KeyTurn } from "../state.ts";
import { openRun } from "../state.ts";
import { replyError, replyOk } from "../../reply.ts";

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

/**
 * K7: past the limit a run's write is kept, and the run waits for a person before it writes more.
 * Whoever asks from outside has written nothing down, and is refused.
 */
export function write(turn: KeyTurn, message: KeyMessageOf<"key.write">): void {
  const { name, value, request } = message;
  const { entries } = turn.state;
  if (request !== undefined && !entries.has(name) && entries.size >= limits.keyStateEntries) {
    return replyError(turn, message, "limit-exceeded", tooMany("write again"));
  }
  turn.emit({ kind: "key.written", name, value });
  replyOk(turn, message);
  const open = openRun(turn.state);
  if (open === undefined || entries.size <= limits.keyStateEntries) return;
  const pause = { type: "run.pause", message: tooMany("resume") } as const;
  turn.effect({ type: "send", to: runStream(open), message: pause });
}

export function clear(turn: KeyTurn, message: KeyMessageOf<"key.clear">): void {
  const { name } = message;
  const { entries } = turn.state;
  replyOk(turn, message);
  if (name === undefined ? entries.size === 0 : !entries.has(name)) return;
  turn.emit({ kind: "key.cleared", ...(name === undefined ? {} : { name }) });
}

/** A run that holds the key has read the state and would write over what it does not know of. */
export function replace(turn: KeyTurn, message: KeyMessageOf<"key.replace">): void {
  const { entries } = message;
  const open = openRun(turn.state);
  if (open !== undefined) {
    const text =
      `The run ${open} holds the key, and its state is not changed under it: wait until it is ` +
      `over, or cancel it first.`;
    return replyError(turn, message, "conflict", text, { runId: open });
  }
  if (entries.length > limits.keyStateEntries) {
    return replyError(turn, message, "limit-exceeded", tooMany("write again"));
  }
  if (turn.state.entries.size > 0) turn.emit({ kind: "key.cleared" });
  for (const [name, value] of entries) turn.emit({ kind: "key.written", name, value });
  replyOk(turn, message);
}

function tooMany(next: string): string {
  return (
    `The key holds ${limits.keyStateEntries} entries of state, or more: clear those that are no ` +
    `longer needed, or keep them in a database, then ${next}.`
  );
}
