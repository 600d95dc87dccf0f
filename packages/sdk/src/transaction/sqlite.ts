/**
 * Transactions on `node:sqlite`. Whatever else uses the connection meanwhile takes part in the
 * transaction, so it is best to have a connection for these alone.
 */
import type { SqliteDatabase } from "./database.ts";
import { inLine } from "./line.ts";
import { fromText, toText, type OutcomeKey, type TransactionBody } from "./outcome.ts";

const CREATE = `
  create table if not exists perdure_outcomes (
    run_id text not null,
    step_key text not null,
    output text,
    primary key (run_id, step_key)
  ) without rowid`;
const READ = "select output from perdure_outcomes where run_id = ? and step_key = ?";
const WRITE = "insert into perdure_outcomes (run_id, step_key, output) values (?, ?, ?)";

export function onSqlite(
  database: SqliteDatabase,
  { runId, key }: OutcomeKey,
  body: TransactionBody,
): Promise<unknown> {
  return inLine(database, async () => {
    database.exec("begin immediate");
    try {
      database.exec(CREATE);
      const recorded = database.prepare(READ).get(runId, key) as { output: unknown } | undefined;
      const result = recorded ? fromText(recorded.output) : await body(database);
      if (!recorded) database.prepare(WRITE).run(runId, key, toText(result));
      database.exec("commit");
      return result;
    } catch (error) {
      rollBack(database);
      throw error;
    }
  });
}

/** SQLite has rolled back by itself after some errors, and then refuses to do it again. */
function rollBack(database: SqliteDatabase): void {
  try {
    database.exec("rollback");
  } catch {
    // The first error is the one to hear of.
  }
}
