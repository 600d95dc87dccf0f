/**
 * A store file and its transactions. It owns the connection and the lock; what is read from the
 * file for good, the tables and the `Log`, is made anew with each connection.
 *
 * 1. When a transaction fails, the log in memory is thrown away and built again from the file.
 * 2. When COMMIT itself fails and the file may or may not have it, the file is opened anew and
 *    checkpointed: what is then in it was synced by other writes than the ones that failed. A sync
 *    is never retried. If that fails too, the file is broken for this process, for good.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { InvariantError, limits, PerdureError } from "@perdure/kernel";
import type { Log } from "@perdure/store/log";
import { BlobTable } from "./blob-table.ts";
import { connect, MEMORY, preallocateLog } from "./connection.ts";
import { loadLog } from "./load.ts";
import { FileLock } from "./lock.ts";
import { migrate } from "./migrations/index.ts";
import { NodeTable } from "./node-table.ts";
import type { InlineOptions, WriteFault } from "./options.ts";
import { RunTable, type WaitingRows } from "./run-table.ts";
import { settlePartitions } from "./settings.ts";
import { adviceFor, isCertain } from "./sqlite-error.ts";
import { StreamTable } from "./stream-table.ts";

/** How a transaction ended; `error` is what its work threw, when that was not SQLite. */
export type Ended<T> =
  | { readonly type: "done"; readonly value: T }
  | { readonly type: "failed" | "unknown"; readonly reason: string; readonly error: unknown };

interface Open {
  readonly db: DatabaseSync;
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  /** Adds a segment to the log. */
  readonly append: StatementSync;
  readonly streams: StreamTable;
  readonly blobs: BlobTable;
  readonly runs: RunTable;
  readonly nodes: NodeTable;
  log: Log;
  lastSegment: number;
}

export class StoreFile {
  readonly path: string;
  readonly partitions: number;
  readonly logBytes: number;
  readonly unsettledStreams: number;
  /** Outlives connections: these rows are committed, though not to the table. */
  readonly waiting: WaitingRows = new Map();
  readonly #options: InlineOptions;
  readonly #lock: FileLock | undefined;
  #open: Open;
  #broken: PerdureError | undefined;

  constructor(path: string, options: InlineOptions) {
    this.path = path;
    this.#options = options;
    this.logBytes = options.logBytes ?? limits.storeLogBytes;
    this.unsettledStreams = options.unsettledStreams ?? limits.storeUnsettledStreams;
    this.#lock = path === MEMORY ? undefined : new FileLock(path);
    let db: DatabaseSync | undefined;
    try {
      db = connect(path, options.maxBytes);
      migrate(db, path);
      this.partitions = settlePartitions(db, path, options.partitions);
      if (path !== MEMORY && options.maxBytes === undefined) preallocateLog(db);
      this.#open = this.#prepare(db);
    } catch (error) {
      db?.close();
      this.#lock?.release();
      throw error;
    }
  }

  /** Set for good when the file can no longer be trusted. */
  get broken(): PerdureError | undefined {
    return this.#broken;
  }

  get now(): Open {
    if (this.#broken !== undefined) throw this.#broken;
    return this.#open;
  }

  transaction<T>(work: (open: Open) => T, fault: WriteFault = "none"): Ended<T> {
    const open = this.now;
    const lastSegment = open.lastSegment;
    let value: T;
    try {
      open.begin.run();
      value = work(open);
      if (fault === "abort") throw new Error("a test asked for it");
    } catch (error) {
      return this.#failed(error, lastSegment);
    }
    try {
      if (fault === "lost") throw new Error("a test asked for it");
      open.commit.run();
      if (fault === "applied") throw new Error("a test asked for it");
    } catch (error) {
      return isCertain(error)
        ? this.#failed(error, lastSegment)
        : this.#uncertain(error, lastSegment);
    }
    open.runs.end(true);
    return { type: "done", value };
  }

  close(): void {
    try {
      this.#open.db.close();
    } finally {
      this.#lock?.release();
    }
  }

  #prepare(db: DatabaseSync): Open {
    const streams = new StreamTable(db);
    return {
      db,
      begin: db.prepare("BEGIN IMMEDIATE"),
      commit: db.prepare("COMMIT"),
      append: db.prepare("INSERT INTO segments (id, data) VALUES (?, ?)"),
      streams,
      blobs: new BlobTable(db),
      runs: new RunTable(db, this.waiting),
      nodes: new NodeTable(db),
      ...loadLog(db, streams, this.partitions),
    };
  }

  #failed<T>(error: unknown, lastSegment: number): Ended<T> {
    this.#open.runs.end(false);
    try {
      const { db, streams } = this.#open;
      if (db.isTransaction) db.exec("ROLLBACK");
      Object.assign(this.#open, loadLog(db, streams, this.partitions));
    } catch {
      return this.#uncertain(error, lastSegment);
    }
    if (error instanceof InvariantError) throw error;
    return { type: "failed", reason: adviceFor(error), error };
  }

  #uncertain<T>(error: unknown, lastSegment: number): Ended<T> {
    const before = this.#open;
    try {
      this.#open = this.#reopen(before.db);
      // A commit is a segment: is this one's there? Rows written by anything else wait again,
      // for to write one twice is harmless.
      before.runs.end(this.#open.lastSegment > lastSegment);
    } catch (cause) {
      this.#broken = new PerdureError(
        "store-failed",
        `${this.path} could not be opened again after a failed write. ${adviceFor(cause)} Then ` +
          `start this process again.`,
        { cause },
      );
    }
    const reason = `Whether it was applied is not known yet: ask for the outcome. ${adviceFor(error)}`;
    return { type: "unknown", reason, error };
  }

  #reopen(db: DatabaseSync): Open {
    if (this.path === MEMORY) {
      if (db.isTransaction) db.exec("ROLLBACK");
      return this.#prepare(db);
    }
    db.close();
    const fresh = connect(this.path, this.#options.maxBytes);
    const checkpoint = fresh.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
    if (checkpoint?.["busy"] !== 0) throw new Error("the checkpoint was refused");
    return this.#prepare(fresh);
  }
}

export type { Open };
