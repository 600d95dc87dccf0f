/** What a commit asks of the database has plans that do not read whole tables. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stream } from "@perdure/store/contract";
import { PostgresHarness } from "../testing/postgres-harness.ts";
import { sessionSettings, type Call, type Statement } from "./database.ts";
import { rowsOf } from "./partitions.ts";
import { appendSegments, dropSegments, readMarks } from "./tables/log.ts";
import { dropRuns } from "./tables/runs.ts";
import { dropForgottenBefore, dropSnapshots, forgetStreams } from "./tables/streams.ts";
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
  const name = stream(1);
  const calls: readonly (readonly [table: string, call: Call])[] = [
    ["streams", appendSegments([fence], [segment], [{ partition: 0, stream: name }])],
    ["streams", { statement: rowsOf, values: ["{}", "{}"] }],
    ["links", { statement: readMarks, values: ["{}", "{}"] }],
    ["segments", dropSegments([{ partition: 0, number: 1 }])],
    ["snapshots", dropSnapshots([{ partition: 0, stream: 1 }])],
    ["streams", dropForgottenBefore([{ partition: 0, oldest: 1 }])],
    ...forgetStreams([{ partition: 0, stream: name, position: 1 }]).map(
      (call) => ["streams", call] as const,
    ),
    ["runs", dropRuns([])],
  ];

  it.each(calls.map(([table, call]) => [call.statement.name, table, call] as const))(
    "reads no table whole, though they were counted while they were empty: %s",
    async (_, table, { statement, values }) => {
      const plan = await planOf(statement, values.length);
      expect(plan).toMatch(new RegExp(`Index .*on ${table}`));
      expect(plan).not.toMatch(/Seq Scan|Hash Join|Merge Join/);
    },
  );

  /** As a connection keeps it after some calls: for whatever values. */
  async function planOf({ text }: Statement, values: number): Promise<string> {
    const client = new pg.Client({ ...server.connection, options: sessionSettings });
    await client.connect();
    try {
      await client.query("VACUUM ANALYZE");
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
