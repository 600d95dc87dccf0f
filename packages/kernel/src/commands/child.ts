/** Starting another run: the spec that follows from a target, and where its start is sent. */
import type { CallTarget, OperationRef, RunSpec } from "../events/run-events.ts";
import {
  derivedRunId,
  hash,
  keyStream,
  runNamedBy,
  runStream,
  slotOfKey,
  SLOTS,
  type RunId,
} from "../ids.ts";
import { specOf, type RunTurn } from "../machines/run/turn.ts";
import type { ConflictPolicy, Message } from "../messages.ts";
import type { StreamId } from "../ids.ts";

/** Children without a business key spread over all partitions, unless their request names them. */
export function childId(turn: RunTurn, key: string, target: CallTarget): RunId {
  const named = target.requestId === undefined ? undefined : runNamedBy(target.requestId);
  if (named !== undefined) return named;
  const origin = `${specOf(turn.state).runId}/${key}`;
  const slot = target.key ? slotOfKey(target.key) : hash(origin, 3) % SLOTS;
  return derivedRunId(turn.at, slot, origin);
}

export function startMessage(
  turn: RunTurn,
  runId: RunId,
  target: CallTarget,
  options: { readonly parent?: OperationRef; readonly conflict: ConflictPolicy },
): { readonly to: StreamId; readonly message: Message } {
  const { conflict: asked, reuse = "allow", ...fields } = target;
  const spec: RunSpec = {
    ...fields,
    runId,
    namespace: specOf(turn.state).namespace,
    ...(options.parent ? { parent: options.parent } : {}),
  };
  if (!target.key) return { to: runStream(runId), message: { type: "run.start", spec } };
  const mode = target.mode ?? "single";
  const conflict = asked ?? options.conflict;
  return {
    to: keyStream(target.key),
    message: { type: "key.start", spec, mode, reuse, conflict },
  };
}
