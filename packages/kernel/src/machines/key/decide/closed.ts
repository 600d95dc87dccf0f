/** `key.closed`: a run under the key is over, or goes on as another one. */
import type { KeyMessageOf, KeyTurn } from "../state.ts";
import { startNext } from "./launch.ts";

/** A run that is neither current nor remembered (replaced, shared, forgotten) is no news. */
export function closed(turn: KeyTurn, message: KeyMessageOf<"key.closed">): void {
  const { current, requests } = turn.state;
  const { runId, status, next } = message;
  const isCurrent = current?.runId === runId && current.status === undefined;
  const isRemembered = [...requests.values()].some(
    ({ runId: known, retentionMs, forgetAt }) =>
      known === runId &&
      forgetAt === undefined &&
      (retentionMs !== undefined || next !== undefined),
  );
  if (!isCurrent && !isRemembered) return;
  turn.emit({ kind: "key.closed", runId, status, ...(next === undefined ? {} : { next }) });
  startNext(turn);
}
