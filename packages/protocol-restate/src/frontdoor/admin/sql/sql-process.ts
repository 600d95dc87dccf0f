/**
 * The entry of the process that answers queries: SQLite in memory, filled for one query and thrown
 * away after it. It has nothing that is worth taking, and whoever runs it ends it when it is late.
 *
 * P1  Of SQLite it can do what `ALLOWED` and `FUNCTIONS` say: read the tables of this query. It
 *     reaches no file, changes nothing and calls no function that makes much out of little.
 * P2  An answer past the bounds is an error, never a part of it.
 * P3  It ends with whoever started it, also in the middle of a query: SQLite has a thread of its own,
 *     so that the process hears of it.
 */
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import {
  constants,
  DatabaseSync,
  type SQLInputValue,
  type SQLOutputValue,
  type StatementSync,
} from "node:sqlite";
import type { SqlAnswer, SqlColumn, SqlJob, SqlTable, SqlValue } from "./sql-job.ts";

const ALLOWED = new Set([constants.SQLITE_SELECT, constants.SQLITE_READ]);
const FUNCTIONS = new Set(
  (
    "abs avg ceil ceiling char_length character_length coalesce concat concat_ws count cume_dist " +
    "current_date current_time current_timestamp date datetime dense_rank first_value floor " +
    "group_concat hex ifnull iif instr json_array_length json_each json_extract json_tree " +
    "json_type -> ->> lag last_value lead length like lower ltrim match max min mod nullif now " +
    "nth_value ntile octet_length percent_rank rank round row_number rtrim sign strftime " +
    "string_agg substr substring sum time to_timestamp total trim typeof unixepoch upper"
  ).split(" "),
);
/** Of SQLite's own memory. */
const HEAP_BYTES = 268_435_456;

const HEAP_MEGABYTES = 512;

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES },
  });
  worker.on("message", (answer: SqlAnswer) => process.send?.(answer));
  worker.on("error", end);
  process.on("message", (job: SqlJob) => worker.postMessage(job));
  process.on("disconnect", end);
} else {
  parentPort?.on("message", (job: SqlJob) => parentPort?.postMessage(answerOf(job)));
}

/** An exit would wait for the thread, which may be at a query that does not end. */
function end(): void {
  process.kill(process.pid, "SIGKILL");
}

function answerOf(job: SqlJob): SqlAnswer {
  const db = new DatabaseSync(":memory:");
  try {
    db.exec(`PRAGMA hard_heap_limit = ${HEAP_BYTES}; PRAGMA case_sensitive_like = ON`);
    define(db, job.now);
    for (const table of job.tables) fill(db, table);
    db.setAuthorizer((action, first, second) => {
      const isFunction = action === constants.SQLITE_FUNCTION;
      const isFree = isFunction
        ? FUNCTIONS.has((second ?? "").toLowerCase())
        : ALLOWED.has(action) && first?.startsWith("sqlite_") !== true;
      return isFree ? constants.SQLITE_OK : constants.SQLITE_DENY;
    });
    const statement = db.prepare(job.sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    return { id: job.id, columns: columnsOf(statement), rows: rowsOf(statement, job) };
  } catch (error) {
    return { id: job.id, error: error instanceof Error ? error.message : String(error) };
  } finally {
    db.close();
  }
}

function define(db: DatabaseSync, now: string): void {
  const plain = { deterministic: true } as const;
  db.function("now", plain, () => now);
  db.function("to_timestamp", plain, (text) => text);
  db.function("char_length", plain, (text) => (text === null ? null : String(text).length));
  db.function("character_length", plain, (text) => (text === null ? null : String(text).length));
  // ILIKE: `pattern` comes first, as with SQLite's own LIKE.
  db.function("match", plain, (pattern, text) => {
    if (pattern === null || text === null) return null;
    return isLike(String(pattern).toLowerCase(), String(text).toLowerCase()) ? 1 : 0;
  });
  keep(db, "first_value", false);
  keep(db, "last_value", true);
}

/** An aggregate that is one of the values: of each group the first, or the last. */
function keep(db: DatabaseSync, name: string, isLast: boolean): void {
  const groups = new Map<number, SQLOutputValue>();
  const step = (group: SQLInputValue, value: SQLOutputValue): SQLInputValue => {
    if (isLast || !groups.has(Number(group))) groups.set(Number(group), value);
    return group;
  };
  let nextGroup = 0;
  const result = (group: SQLInputValue): SQLOutputValue => groups.get(Number(group)) ?? null;
  db.aggregate(name, { start: () => nextGroup++, step, result });
}

/** `%` is any text, `_` one character; in time that grows with the product of both lengths. */
function isLike(pattern: string, text: string): boolean {
  let at = 0;
  let from = 0;
  let star = -1;
  let kept = 0;
  while (at < text.length) {
    const sign = pattern[from];
    if (sign === "%") {
      star = from++;
      kept = at;
    } else if (sign === "_" || (sign !== undefined && sign === text[at])) {
      from++;
      at++;
    } else if (star !== -1) {
      from = star + 1;
      at = ++kept;
    } else {
      return false;
    }
  }
  while (pattern[from] === "%") from++;
  return from === pattern.length;
}

function fill(db: DatabaseSync, { name, columns, given, rows }: SqlTable): void {
  db.exec(`CREATE TABLE "${name}" (${list(columns)})`);
  const marks = given.map(() => "?").join(", ");
  const insert = db.prepare(`INSERT INTO "${name}" (${list(given)}) VALUES (${marks})`);
  db.exec("BEGIN");
  for (const row of rows) insert.run(...row);
  db.exec("COMMIT");
}

function list(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(", ");
}

function columnsOf(statement: StatementSync): readonly SqlColumn[] {
  return statement.columns().map(({ name, table, column }) => ({ name, table, column }));
}

function rowsOf(statement: StatementSync, { maxRows, maxBytes }: SqlJob): SqlValue[][] {
  const rows: SqlValue[][] = [];
  let bytes = 0;
  for (const found of statement.iterate()) {
    const row = (found as unknown as SqlValue[]).map(small);
    rows.push(row);
    bytes += row.reduce<number>((sum, value) => sum + bytesIn(value), 0);
    if (rows.length > maxRows) throw new Error(`limit: more than ${maxRows} rows`);
    if (bytes > maxBytes) throw new Error(`limit: more than ${maxBytes} bytes`);
  }
  return rows;
}

function small(value: SqlValue): SqlValue {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function bytesIn(value: SqlValue): number {
  if (typeof value === "string" || value instanceof Uint8Array) return value.length;
  return 8;
}
