import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { countedSince } from "./postgres-counters.ts";
import { installPostgres, postgresVersion, startPostgres } from "./postgres.ts";

const isInstalled = postgresVersion() !== undefined;
const required = process.env["PERDURE_REQUIRE_POSTGRES"] !== undefined;

test.skipIf(!isInstalled && !required)(
  `a database's counters are exact, and at once what they will be (${installPostgres})`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "perdure-bench-pg-"));
    const postgres = await startPostgres(folder);
    const pool = postgres.pool(2);
    try {
      await pool.query("CREATE TABLE counted (value int)");
      const before = await postgres.counters();
      for (let value = 0; value < 5; value++) {
        await pool.query("INSERT INTO counted VALUES ($1)", [value]);
      }
      await pool.query("SELECT value FROM counted");
      const done = countedSince(before, await postgres.counters());
      expect(done.commits).toBe(5);
      // One of the statements is the reading before.
      expect(done.statements).toBe(7);
      expect(done.walBytes).toBeGreaterThan(5 * 32);
    } finally {
      await pool.end();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
