/** A connection with the settings that the promises rest on. */
import { DatabaseSync } from "node:sqlite";

export const MEMORY = ":memory:";

const PAGE_BYTES = 8_192;
/**
 * The write-ahead log is 16 MiB: at that size it is checkpointed and written again from its
 * beginning. Shorter would stall commits more often, longer would stall them for longer.
 */
const LOG_PAGES = 2_048;
/** Of it, this much is allocated when the file is opened; the rest when it is first needed. */
const ROOM_BYTES = 4_194_304;

/**
 * `synchronous = FULL` is what makes `done` survive a power cut: with NORMAL, the usual advice for
 * WAL, most cuts lose acknowledged commits. Group commit pays for it.
 */
export function connect(path: string, maxBytes?: number): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5_000 });
  db.exec(`
    PRAGMA page_size = ${PAGE_BYTES};
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = ${LOG_PAGES};
    PRAGMA cache_size = -65536;
    PRAGMA temp_store = MEMORY;
    PRAGMA trusted_schema = OFF;
  `);
  if (maxBytes !== undefined) {
    db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / PAGE_BYTES))}`);
  }
  return db;
}

/**
 * Writes to the log once, so that commits find room in it: to sync an overwrite takes half as long
 * as to sync a file that grows. The pages this takes from the database stay there, free, for the
 * first segments. It is one transaction: a process may be killed in the middle. Earlier versions had
 * three, and so may have left the table.
 */
export function preallocateLog(db: DatabaseSync): void {
  db.exec(`
    BEGIN IMMEDIATE;
    DROP TABLE IF EXISTS log_room;
    CREATE TABLE log_room (data BLOB);
    INSERT INTO log_room VALUES (zeroblob(${ROOM_BYTES}));
    DROP TABLE log_room;
    COMMIT;
    PRAGMA wal_checkpoint(RESTART);
  `);
}

/** For lists and searches beside the writer. */
export function connectReadOnly(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  db.exec("PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;");
  return db;
}
