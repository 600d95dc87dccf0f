/** What a commit asks of the database has plans that do not read whole tables. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stream } from "@perdure/store/contract";
import { PostgresHarness } from "../testing/postgres-harness.ts";
import type { Statement } from "./database.ts";
import { rowsOf } from "./partitions.ts";
import { appendSegments } from "./tables/log.ts";
import { missingPostgres, startPostgres, type PostgresServer } from "./testing/index.ts";

const missing = missingPostgres();

describe.skipIf(missing !== undefined)(`plans of a PostgreSQL store ${missing ?? ""}`, () => {
  let server: PostgresServer;
  let harness: PostgresHarness;
  beforeAll(async () => {
    server = await startPostgres();
    harness = await PostgresHarness.make(server);
  }, 120_000);
  afterAll(async () => {
    await harness.dispose();
    await server.stop();
  });

  const fence = { partition: 0, epoch: 1, incarnation: 1, before: 0, after: 1 };
  const segment = { partition: 0, number: 1, data: Buffer.alloc(1), begun: undefined };
  const append = appendSegments([fence], [segment], [{ partition: 0, stream: stream(1) }]);

  for (const [what, { statement, values }] of [
    ["appends to the log", append],
    ["looks streams up", { statement: rowsOf, values: ["{}", "{}"] }],
  ] as const) {
    it(`takes streams one by one where it ${what}, though there were none when it was planned`, async () => {
      const plan = await planOf(statement, values.length);
      expect(plan).toMatch(/Index .*on streams/);
      expect(plan).not.toMatch(/Seq Scan on streams/);
    });
  }

  /** As a connection keeps it after some calls: for whatever values. */
  async function planOf({ text }: Statement, values: number): Promise<string> {
    const client = new pg.Client(server.connection);
    await client.connect();
    try {
      await client.query("SET plan_cache_mode = force_generic_plan");
      const own = text.replaceAll("@.", `"${harness.schema}".`);
      await client.query(`PREPARE asked AS ${own}`);
      const nothing = Array.from({ length: values }, () => "NULL").join(", ");
      const { rows } = await client.query<{ "QUERY PLAN": string }>(
        `EXPLAIN EXECUTE asked(${nothing})`,
      );
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    } finally {
      await client.end();
    }
  }
});
