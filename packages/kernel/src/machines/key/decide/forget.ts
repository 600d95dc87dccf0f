/** `key.forget`: a closed run is forgotten before its retention is over. */
import { replyError, replyOk } from "../../reply.ts";
import { openRun, type KeyMessageOf, type KeyTurn } from "../state.ts";

export function forget(turn: KeyTurn, message: KeyMessageOf<"key.forget">): void {
  const { runId } = message;
  const { state } = turn;
  if (openRun(state) === runId) {
    const text = "The run is open under its key: end it before it is forgotten.";
    return replyError(turn, message, "conflict", text);
  }
  const isKnown =
    state.current?.runId === runId ||
    [...state.requests.values()].some((remembered) => remembered.runId === runId);
  if (isKnown) turn.emit({ kind: "key.forgotten", runId });
  replyOk(turn, message);
}
