/** Transactions on PostgreSQL, through a pool of `pg` or one of its clients. */
import type { PostgresClient, PostgresPool } from "./database.ts";
import { inLine } from "./line.ts";
import { fromText, toText, type OutcomeKey, type TransactionBody } from "./outcome.ts";

const CREATE = `
  create table if not exists perdure_outcomes (
    run_id text not null,
    step_key text not null,
    output text,
    primary key (run_id, step_key)
  )`;
const READ = "select output from perdure_outcomes where run_id = $1 and step_key = $2";
/** Waits for another attempt that is still at it, so that the loser sees the winner's row. */
const LOCK = "select pg_advisory_xact_lock(hashtextextended($1, 0))";
const WRITE = "insert into perdure_outcomes (run_id, step_key, output) values ($1, $2, $3)";

export async function onPostgres(
  database: PostgresPool | PostgresClient,
  row: OutcomeKey,
  body: TransactionBody,
): Promise<unknown> {
  if (!isPool(database)) return inLine(database, () => inTransaction(database, row, body));
  const client = await database.connect();
  let broken = false;
  try {
    return await inTransaction(client, row, body);
  } catch (error) {
    broken = true;
    throw error;
  } finally {
    // After an error nobody knows in what state the connection is.
    client.release(broken);
  }
}

async function inTransaction(
  client: PostgresClient,
  { runId, key }: OutcomeKey,
  body: TransactionBody,
): Promise<unknown> {
  await client.query("begin");
  try {
    await ensureTable(client);
    await client.query(LOCK, [`perdure/${runId}/${key}`]);
    const { rows } = await client.query(READ, [runId, key]);
    const recorded = rows[0];
    const result = recorded ? fromText(recorded["output"]) : await body(client);
    if (!recorded) await client.query(WRITE, [runId, key, toText(result)]);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

/** `create table if not exists` may still collide with another one: so it takes a lock of its own. */
async function ensureTable(client: PostgresClient): Promise<void> {
  const { rows } = await client.query("select to_regclass('perdure_outcomes') as found");
  if (rows[0]?.["found"]) return;
  await client.query(LOCK, ["perdure/create"]);
  await client.query(CREATE);
}

function isPool(database: PostgresPool | PostgresClient): database is PostgresPool {
  return "totalCount" in database && "connect" in database;
}
