/**
 * A step's outcome, committed in the user's own database together with the step's writes.
 *
 * The table `perdure_outcomes` is read first: a row there means that an earlier attempt committed
 * and its outcome was not journaled; it is the outcome, and nothing is run again.
 */
import type { StepContext } from "../ctx/options.ts";
import type { StepFunction } from "../runtime/world.ts";
import type { Database, SqliteDatabase } from "./database.ts";
import { onPostgres } from "./postgres.ts";
import { onSqlite } from "./sqlite.ts";

/** Their outcome is in the user's database: they act once, without a key. */
const transactions = new WeakSet<StepFunction>();

export function isTransaction(fn: StepFunction): boolean {
  return transactions.has(fn);
}

type Body = (tx: never, step: never) => unknown;

export function transact(runId: string, database: Database, fn: Body): StepFunction {
  const transaction = (step: StepContext) => {
    const row = { runId, key: step.key };
    const body = (tx: unknown) => fn(tx as never, step as never);
    return isSqlite(database) ? onSqlite(database, row, body) : onPostgres(database, row, body);
  };
  transactions.add(transaction);
  return transaction;
}

function isSqlite(database: Database): database is SqliteDatabase {
  return "prepare" in database;
}
