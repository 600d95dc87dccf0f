/** What lists and searches know of a run: a projection of its state. */
import type { RunId } from "../../ids.ts";
import type { JsonObject } from "../../payload.ts";
import type { RunState } from "./state.ts";

export type RunStatus =
  | "open"
  | "paused"
  | "completed"
  | "failed"
  | "cancelled"
  | "terminated"
  | "timedOut"
  | "continued";

export interface RunRow {
  readonly runId: RunId;
  readonly namespace: string;
  readonly workflow: string;
  readonly queue: string;
  /** The business key's id, and its kind. */
  readonly key?: string;
  readonly keyKind?: string;
  readonly status: RunStatus;
  readonly startedAt: number;
  readonly closedAt?: number;
  readonly parent?: RunId;
  readonly attributes: JsonObject;
  /** Events in the journal. */
  readonly events: number;
  /** When the closed run may be pruned, ms since epoch; absent: kept. */
  readonly expiresAt?: number;
  /** Of its code: the one it is pinned to, else the one it was started with. */
  readonly version?: string;
}

export function statusOf(state: RunState): RunStatus {
  return state.outcome?.status ?? (state.paused ? "paused" : "open");
}

/** Undefined: there is no such run. */
export function rowOf(state: RunState): RunRow | undefined {
  const { spec, closedAt } = state;
  if (!spec) return undefined;
  const version = state.version ?? spec.version;
  const row: { -readonly [F in keyof RunRow]: RunRow[F] } = {
    runId: spec.runId,
    namespace: spec.namespace,
    workflow: spec.workflow,
    queue: spec.queue,
    status: statusOf(state),
    startedAt: state.startedAt,
    attributes: state.attributes,
    events: state.seq,
  };
  if (spec.key) {
    row.key = spec.key.id;
    row.keyKind = spec.key.kind;
  }
  if (spec.parent) row.parent = spec.parent.runId;
  if (version !== undefined) row.version = version;
  if (closedAt !== undefined) {
    row.closedAt = closedAt;
    if (spec.retentionMs !== undefined) row.expiresAt = closedAt + spec.retentionMs;
  }
  return row;
}
