/** `key.adopt`: an imported run that is open takes the key, unless another one has it (K1). */
import { runStream } from "../../../ids.ts";
import { passOn, replyError } from "../../reply.ts";
import type { KeyMessageOf, KeyTurn } from "../state.ts";
import { openRun } from "../state.ts";

export function adopt(turn: KeyTurn, message: KeyMessageOf<"key.adopt">): void {
  const { spec, events } = message;
  const { runId, mode = "single", requestId, retentionMs } = spec;
  const open = openRun(turn.state);
  if (open !== undefined && open !== runId) {
    const text =
      `Run ${open} is open under the key of the run to import: wait for its end or end it, and ` +
      `import again. Nothing was written.`;
    return replyError(turn, message, "conflict", text, { runId: open });
  }
  if (open === undefined) {
    // K4: what a request was answered with before is its answer still.
    const isNew = requestId !== undefined && !turn.state.requests.has(requestId);
    turn.emit({
      kind: "key.started",
      runId,
      mode,
      ...(isNew ? { requestId } : {}),
      ...(retentionMs === undefined ? {} : { retentionMs }),
    });
  }
  const forwarded = { type: "run.import", spec, events, ...passOn(message) } as const;
  turn.effect({ type: "send", to: runStream(runId), message: forwarded });
}
