import { afterAll, beforeAll, describe } from "vitest";
import { storeContract } from "@perdure/store/contract";
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
});
