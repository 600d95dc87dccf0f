/** Index rows of runs: what lists and searches read. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { runStream, type Json, type JsonObject, type RunId, type StreamId } from "@perdure/kernel";
import type { IndexRow, RunStatus } from "@perdure/store";

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

/** Rows of committed batches that are not in the table yet, the oldest first. */
export type WaitingRows = Map<RunId, IndexRow>;

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
  #changes: { readonly id: RunId; readonly before: IndexRow | undefined }[] = [];

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

  /** The row waits. */
  add(row: IndexRow): void {
    const id = row.runId;
    this.#changes.push({ id, before: this.#waiting.get(id) });
    this.#waiting.set(id, row);
  }

  /** The row is written at once, and none of the run waits. */
  put(row: IndexRow): void {
    this.#stopWaiting(row.runId);
    this.#putRow(row);
  }

  /** Writes the run's row, if it waits. */
  writeOf(id: RunId): void {
    const row = this.#stopWaiting(id);
    if (row !== undefined) this.#putRow(row);
  }

  /** Writes the rows that have waited longest. */
  write(most: number): void {
    let left = most;
    for (const id of this.#waiting.keys()) {
      if (left-- <= 0) break;
      this.writeOf(id);
    }
  }

  forget(id: RunId): void {
    this.#drop.run(id);
    this.#stopWaiting(id);
  }

  /** The transaction is over, with or without what it changed. */
  end(applied: boolean): void {
    const changes = this.#changes;
    this.#changes = [];
    if (applied) return;
    for (const { id, before } of changes.toReversed()) {
      if (before === undefined) this.#waiting.delete(id);
      else this.#waiting.set(id, before);
    }
  }

  /** The longest expired first; the caller stops when it has enough. */
  *expired(now: number): Generator<StreamId> {
    for (const { run_id: id } of this.#expired.iterate(now)) yield runStream(id as RunId);
  }

  #stopWaiting(id: RunId): IndexRow | undefined {
    const before = this.#waiting.get(id);
    if (before === undefined) return undefined;
    this.#waiting.delete(id);
    this.#changes.push({ id, before });
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

/** JSON with names in order, so that equal values are equal texts. */
export function canonical(value: Json): string {
  if (isEmpty(value)) return "{}";
  return JSON.stringify(value, (_, item: Json) => {
    if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(
      Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
    );
  });
}

/** As the attributes of most runs are. */
function isEmpty(value: Json): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.keys(value).length === 0;
}
