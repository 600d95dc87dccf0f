import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agree, MemoryHarness, storeContract } from "@perdure/store/contract";
import { PostgresHarness } from "../testing/postgres-harness.ts";
import { missingPostgres, startPostgres, type PostgresServer } from "./testing/index.ts";

const missing = missingPostgres();

describe.skipIf(missing !== undefined)(`the PostgreSQL store ${missing ?? ""}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 120_000);
  afterAll(() => server.stop());

  storeContract("the PostgreSQL store", () => PostgresHarness.make(server), [
    "second",
    "failNext",
    "corrupt",
  ]);

  it("agrees with the store in memory after every operation", async () => {
    const harness = await PostgresHarness.make(server, { partitions: 3 });
    try {
      const { operations } = await agree(new MemoryHarness(3), harness, 1, 500);
      expect(operations).toBeGreaterThanOrEqual(500);
    } finally {
      await harness.dispose();
    }
  }, 120_000);
});
