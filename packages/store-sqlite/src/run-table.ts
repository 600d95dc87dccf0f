/** Index rows of runs: what lists and searches read. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import {
  runOfStream,
  runStream,
  type JsonObject,
  type RunId,
  type StreamId,
} from "@perdure/kernel";
import { canonical, type IndexRow, type RunStatus } from "@perdure/store";

export const RUN_COLUMNS: string =
  "run_id, namespace, workflow, queue, key, key_kind, status, started_at, closed_at, parent, " +
  "attributes, events, expires_at, version";

/** A row as SQLite gives it. */
export interface RunRow {
  readonly run_id: RunId;
  readonly namespace: string;
  readonly workflow: string;
  readonly queue: string;
  readonly key: string | null;
  readonly key_kind: string | null;
  readonly status: RunStatus;
  readonly started_at: number;
  readonly closed_at: number | null;
  readonly parent: RunId | null;
  readonly attributes: string;
  readonly events: number;
  readonly expires_at: number | null;
  readonly version: string | null;
}

/** Rows of committed batches that are not in the table yet, by stream, the oldest first. */
export type WaitingRows = Map<StreamId, IndexRow>;

/**
 * A row of an unsettled run waits for a later transaction, so that a run which starts and closes
 * soon after is written once. When the process dies its owner, who reads it back, writes it again;
 * the row of a settled run is nobody's, so it is written with the settling at the latest.
 *
 * 1. Between transactions `waiting` holds rows of committed batches only: what a transaction that
 *    fails has done to it is undone.
 */
export class RunTable {
  readonly #put: StatementSync;
  readonly #change: StatementSync;
  readonly #drop: StatementSync;
  readonly #expired: StatementSync;
  readonly #waiting: WaitingRows;
  /** What the transaction under way has changed of `waiting`, and what was there before. */
  #changes: { readonly stream: StreamId; readonly before: IndexRow | undefined }[] = [];

  constructor(db: DatabaseSync, waiting: WaitingRows) {
    const marks = RUN_COLUMNS.replaceAll(/\w+/g, "?");
    this.#put = db.prepare(`INSERT OR REPLACE INTO runs (${RUN_COLUMNS}) VALUES (${marks})`);
    // What a run keeps for its life stays as it is, and its entries in the indices with it.
    this.#change = db.prepare(`
      INSERT INTO runs (${RUN_COLUMNS}) VALUES (${marks})
      ON CONFLICT (run_id) DO UPDATE SET
        status = excluded.status, closed_at = excluded.closed_at, events = excluded.events,
        attributes = excluded.attributes, expires_at = excluded.expires_at,
        version = excluded.version
      WHERE namespace = excluded.namespace AND workflow = excluded.workflow
        AND queue = excluded.queue AND key IS excluded.key AND key_kind IS excluded.key_kind
        AND started_at = excluded.started_at AND parent IS excluded.parent`);
    this.#drop = db.prepare("DELETE FROM runs WHERE run_id = ?");
    this.#expired = db.prepare(
      "SELECT run_id FROM runs WHERE expires_at < ? ORDER BY expires_at, run_id",
    );
    this.#waiting = waiting;
  }

  /** The run's row waits. */
  add(stream: StreamId, row: IndexRow): void {
    this.#changes.push({ stream, before: this.#waiting.get(stream) });
    this.#waiting.set(stream, row);
  }

  /** The run's row is written at once, and none of it waits. */
  put(stream: StreamId, row: IndexRow): void {
    this.#stopWaiting(stream);
    this.#putRow(row);
  }

  /** Writes the run's row, if it waits. */
  writeOf(stream: StreamId): void {
    const row = this.#stopWaiting(stream);
    if (row !== undefined) this.#putRow(row);
  }

  /** Writes the rows that have waited longest. */
  write(most: number): void {
    let left = most;
    for (const stream of this.#waiting.keys()) {
      if (left-- <= 0) break;
      this.writeOf(stream);
    }
  }

  forget(stream: StreamId): void {
    this.#drop.run(runOfStream(stream));
    this.#stopWaiting(stream);
  }

  /** The transaction is over, with or without what it changed. */
  end(applied: boolean): void {
    const changes = this.#changes;
    this.#changes = [];
    if (applied) return;
    for (const { stream, before } of changes.toReversed()) {
      if (before === undefined) this.#waiting.delete(stream);
      else this.#waiting.set(stream, before);
    }
  }

  /** The longest expired first; the caller stops when it has enough. */
  *expired(now: number): Generator<StreamId> {
    for (const { run_id: id } of this.#expired.iterate(now)) yield runStream(id as RunId);
  }

  #stopWaiting(stream: StreamId): IndexRow | undefined {
    const before = this.#waiting.get(stream);
    if (before === undefined) return undefined;
    this.#waiting.delete(stream);
    this.#changes.push({ stream, before });
    return before;
  }

  #putRow(row: IndexRow): void {
    const values = [
      row.runId,
      row.namespace,
      row.workflow,
      row.queue,
      row.key ?? null,
      row.keyKind ?? null,
      row.status,
      row.startedAt,
      row.closedAt ?? null,
      row.parent ?? null,
      canonical(row.attributes),
      row.events,
      row.expiresAt ?? null,
      row.version ?? null,
    ];
    if (this.#change.run(...values).changes === 0) this.#put.run(...values);
  }
}

export function toIndexRow(row: RunRow): IndexRow {
  return {
    runId: row.run_id,
    namespace: row.namespace,
    workflow: row.workflow,
    queue: row.queue,
    ...(row.key !== null && { key: row.key }),
    ...(row.key_kind !== null && { keyKind: row.key_kind }),
    status: row.status,
    startedAt: row.started_at,
    ...(row.closed_at !== null && { closedAt: row.closed_at }),
    ...(row.parent !== null && { parent: row.parent }),
    attributes: JSON.parse(row.attributes) as JsonObject,
    events: row.events,
    ...(row.expires_at !== null && { expiresAt: row.expires_at }),
    ...(row.version !== null && { version: row.version }),
  };
}
