/** What a PostgreSQL cluster has done since it was made, exactly and at once. */
import type pg from "pg";
import type { DatabaseCounters } from "../contender.ts";

/** The library that counts statements; it is part of PostgreSQL and must be loaded at its start. */
export const countingLibrary = "pg_stat_statements";

export async function prepareCounters(pool: pg.Pool): Promise<void> {
  await pool.query(`CREATE EXTENSION IF NOT EXISTS ${countingLibrary}`);
}

/**
 * A transaction has an id when it writes, so the next id counts those that have written; the
 * statistics of PostgreSQL itself are told of by each backend only after some idle seconds.
 */
const readCounters = `
  SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS commits,
         pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS wal_bytes,
         (SELECT coalesce(sum(calls), 0) FROM ${countingLibrary}) AS statements`;

export async function countersOf(pool: pg.Pool): Promise<DatabaseCounters> {
  const { rows } =
    await pool.query<Record<"commits" | "wal_bytes" | "statements", string>>(readCounters);
  const [row] = rows;
  return {
    commits: Number(row?.commits),
    statements: Number(row?.statements),
    walBytes: Number(row?.wal_bytes),
  };
}

/** What happened between two readings. */
export function countedSince(before: DatabaseCounters, after: DatabaseCounters): DatabaseCounters {
  return {
    commits: after.commits - before.commits,
    statements: after.statements - before.statements,
    walBytes: after.walBytes - before.walBytes,
  };
}
