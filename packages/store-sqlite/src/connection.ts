/** A connection with the settings that the promises rest on. */
import { DatabaseSync } from "node:sqlite";

export const MEMORY = ":memory:";

const PAGE_BYTES = 8_192;
/** A checkpoint stalls the commit that triggers it, so they are rare: 64 MiB of log. */
const CHECKPOINT_PAGES = 8_192;

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
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA cache_size = -65536;
    PRAGMA temp_store = MEMORY;
    PRAGMA trusted_schema = OFF;
  `);
  if (maxBytes !== undefined) {
    db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / PAGE_BYTES))}`);
  }
  return db;
}

/** For lists and searches beside the writer. */
export function connectReadOnly(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  db.exec("PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;");
  return db;
}
