import { fork } from "node:child_process";
import { once } from "node:events";
import { systemEnv } from "@perdure/engine";
import { afterEach, describe, expect, it } from "vitest";
import { restateLimits } from "../../../limits.ts";
import { SqlRunner } from "./sql-runner.ts";
import { statementOf } from "./statement.ts";

describe("the process that answers queries", () => {
  const open: SqlRunner[] = [];
  afterEach(() => {
    for (const runner of open.splice(0)) runner.close();
  });

  const table = (rows: number) => ({
    name: "state",
    columns: ["key", "value", "key_length", "scope"],
    given: ["key", "value", "key_length"],
    rows: Array.from({ length: rows }, (_, n) => [`k${n}`, new Uint8Array([n & 255]), n]),
  });

  async function ask(sql: string, rows = 3) {
    const runner = open[0] ?? new SqlRunner(systemEnv());
    if (open.length === 0) open.push(runner);
    return runner.run({ sql: statementOf(sql).sql, tables: [table(rows)] });
  }

  it("answers with rows, and says which table each column is of", async () => {
    const { columns, rows } = await ask("SELECT key, key_length + 1 AS n, value FROM state s");
    expect(columns).toEqual([
      { name: "key", table: "state", column: "key" },
      { name: "n", table: null, column: null },
      { name: "value", table: "state", column: "value" },
    ]);
    expect(rows[1]).toEqual(["k1", 2, new Uint8Array([1])]);
  });

  it("knows what DataFusion knows and SQLite does not", async () => {
    const sql =
      "SELECT FIRST_VALUE(key ORDER BY key_length DESC), last_value(key), " +
      "first_value(key) FROM public.state WHERE key ILIKE 'K_' AND key NOT LIKE 'K%'";
    expect((await ask(sql)).rows).toEqual([["k2", "k2", "k0"]]);
  });

  it.each([
    ["ATTACH DATABASE '/etc/passwd' AS x", /Only SELECT/],
    ["PRAGMA table_info(state)", /Only SELECT/],
    ["DELETE FROM state", /Only SELECT/],
    ["EXPLAIN SELECT 1", /Only SELECT/],
    ["SELECT 1; SELECT 2", /several statements/],
    ["SELECT 1; ATTACH 'x' AS y", /several statements/],
    ["", /empty/],
    ["SELECT 'unended", /cannot be read/],
    ["WITH RECURSIVE n AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT * FROM n", /calls itself/],
    ["WITH n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT count(*) FROM n", /refused/],
    ["WITH n AS (SELECT 1) DELETE FROM state", /refused/],
    ["WITH n AS (SELECT 1) INSERT INTO state SELECT 1, 2, 3", /refused/],
    ["SELECT * FROM pragma_database_list", /refused|no table/],
    ["SELECT * FROM sqlite_master", /refused/],
    ["SELECT load_extension('x')", /refused/],
    ["SELECT readfile('/etc/passwd')", /refused/],
    ["SELECT randomblob(1000000000)", /refused/],
    ["SELECT printf('%1000000000d', 1)", /refused/],
    ["SELECT fts3_tokenizer('simple')", /refused/],
    ["SELECT * FROM nowhere", /no table nowhere.*sys_invocation/],
    ["SELECT key::text FROM state", /CAST/],
    ["SELECT nope FROM state", /nope/],
  ])("refuses %s", async (sql, message) => {
    const error = await ask(sql).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "invalid-argument",
      message: expect.stringMatching(message),
    });
  });

  it("is ended when a query takes too long, and answers the next one", async () => {
    const real = systemEnv();
    // Time is short from the first query on.
    const env = { ...real, after: (_: number, call: () => void) => real.after(300, call) };
    const runner = new SqlRunner(env);
    open.push(runner);
    const crossed = "SELECT count(*) FROM state a, state b, state c, state d WHERE a.key > d.key";
    const slow = runner.run({ sql: crossed, tables: [table(2_000)] });
    await expect(slow).rejects.toMatchObject({ code: "limit-exceeded" });
    open.splice(0);
    expect((await ask("SELECT count(*) FROM state")).rows).toEqual([[3]]);
    runner.close();
  });

  it("ends with whoever started it, also in the middle of a query", async () => {
    const entry = new URL("./sql-process.ts", import.meta.url);
    const child = fork(entry, [], { serialization: "advanced", execArgv: ["--no-warnings"] });
    const job = { id: 1, now: "", maxRows: 10, maxBytes: 1_000 };
    child.send({ ...job, sql: "SELECT 1 AS n", tables: [] });
    await once(child, "message");
    const sql = "SELECT count(*) FROM state a, state b, state c, state d WHERE a.key > d.key";
    child.send({ ...job, sql, tables: [table(2_000)] });
    // The query is begun before the line is cut.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const ended = once(child, "exit");
    child.disconnect();
    expect(await ended).toEqual([null, "SIGKILL"]);
  });

  it("lets as many wait as the limit says, and not one more", async () => {
    const runner = new SqlRunner(systemEnv());
    open.push(runner);
    const one = () => runner.run({ sql: "SELECT 1", tables: [] });
    const all = Array.from({ length: restateLimits.sqlQueue + 1 }, one);
    await expect(one()).rejects.toMatchObject({ code: "overloaded" });
    await Promise.all(all);
    expect((await one()).rows).toEqual([[1]]);
  });

  it("answers with as many bytes as the limit says, and not one more", async () => {
    const runner = new SqlRunner(systemEnv());
    open.push(runner);
    const answer = (bytes: number) =>
      runner.run({
        sql: "SELECT value FROM state",
        tables: [
          { name: "state", columns: ["value"], given: ["value"], rows: [[new Uint8Array(bytes)]] },
        ],
      });
    expect((await answer(restateLimits.sqlBytes)).rows).toHaveLength(1);
    const more = answer(restateLimits.sqlBytes + 1);
    await expect(more).rejects.toMatchObject({ code: "limit-exceeded" });
  });

  it("answers all that wait when it is closed", async () => {
    const runner = new SqlRunner(systemEnv());
    const asked = ["SELECT 1", "SELECT 2"].map((sql) => runner.run({ sql, tables: [] }));
    runner.close();
    for (const answer of asked) await expect(answer).rejects.toMatchObject({ code: "closed" });
    const late = runner.run({ sql: "SELECT 1", tables: [] });
    await expect(late).rejects.toMatchObject({ code: "closed" });
  });

  it("refuses an answer that is too large, and says so", async () => {
    const all = "SELECT a.key FROM state a, state b LIMIT ";
    const { sqlRows } = restateLimits;
    expect((await ask(all + sqlRows, 400)).rows).toHaveLength(sqlRows);
    const more = ask(all + (sqlRows + 1), 400);
    await expect(more).rejects.toMatchObject({ code: "limit-exceeded" });
  });
});
