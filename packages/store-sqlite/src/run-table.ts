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
 * 1. `waiting` holds the rows of committed batches only: it changes when a transaction is over.
 */
export class RunTable {
  readonly #put: StatementSync;
  readonly #change: StatementSync;
  readonly #drop: StatementSync;
  readonly #expired: StatementSync;
  readonly #waiting: WaitingRows;
  /** What the transaction under way does to `waiting`; undefined: the row no longer waits. */
  readonly #changes = new Map<RunId, IndexRow | undefined>();

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
    this.#changes.set(row.runId, row);
  }

  /** Writes the run's row, if it waits. */
  writeOf(id: RunId): void {
    const row = this.#changes.has(id) ? this.#changes.get(id) : this.#waiting.get(id);
    if (row === undefined) return;
    this.#putRow(row);
    this.#changes.set(id, undefined);
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
    this.#changes.set(id, undefined);
  }

  /** The transaction is over, with or without what it changed. */
  end(applied: boolean): void {
    if (applied) {
      for (const [id, row] of this.#changes) {
        if (row === undefined) this.#waiting.delete(id);
        else this.#waiting.set(id, row);
      }
    }
    this.#changes.clear();
  }

  /** The longest expired first; the caller stops when it has enough. */
  *expired(now: number): Generator<StreamId> {
    for (const { run_id: id } of this.#expired.iterate(now)) yield runStream(id as RunId);
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
  return JSON.stringify(value, (_, item: Json) => {
    if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(
      Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
    );
  });
}
