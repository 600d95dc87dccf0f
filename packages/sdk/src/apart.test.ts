/** A store that keeps partitions apart, with an engine at work on it: what its transactions touch. */
import pg from "pg";
import {
  missingPostgres,
  startPostgres,
  type PostgresServer,
} from "@perdure/store-postgres/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { open, workflow } from "./index.ts";

const missing = missingPostgres();
const tables = ["segments", "partitions", "streams", "chunks", "runs", "links"];

describe.skipIf(missing !== undefined)(`partitions in PostgreSQL ${missing ?? ""}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 120_000);
  afterAll(() => server.stop());

  it.each([
    ["never share a transaction where they are kept apart", "partition"],
    ["share transactions otherwise", "node"],
  ] as const)("%s", async (_, transaction) => {
    const schema = `apart_${transaction}`;
    const store = server.address(`schema=${schema}&transaction=${transaction}`);
    const add = workflow({ name: "add" }, async (ctx, n: number) => {
      const one = await ctx.step("one", () => n + 1);
      return ctx.step("two", () => one + 1);
    });
    await using perdure = await open({ store, workflows: [add] });
    const runs = await Promise.all(
      Array.from({ length: 60 }, (__, n) => perdure.start(add, { id: `a${n}`, input: n })),
    );
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual(runs.map((__, n) => n + 2));
    expect(await perdure.engine.count({ namespace: "default" })).toBe(60);
    expect((await shared(server, schema)) > 0).toBe(transaction === "node");
  });
});

/** How many of the transactions that are to be seen in the rows have touched several partitions. */
async function shared(server: PostgresServer, schema: string): Promise<number> {
  const client = new pg.Client(server.connection);
  await client.connect();
  try {
    // Making the store is one transaction over all partitions, which nobody has opened then.
    const rows = tables.map((table) => {
      const isOpened = table === "partitions" ? "WHERE epoch > 0" : "";
      return `SELECT xmin::text AS tx, partition FROM "${schema}".${table} ${isOpened}`;
    });
    const { rowCount } = await client.query(
      `SELECT tx FROM (${rows.join(" UNION ALL ")}) AS seen
       GROUP BY tx HAVING count(DISTINCT partition) > 1`,
    );
    return rowCount ?? 0;
  } finally {
    await client.end();
  }
}
