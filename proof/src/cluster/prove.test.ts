import { missingPostgres } from "@perdure/store-postgres/testing";
import { expect, test } from "vitest";
import { proveCluster } from "./prove.ts";

test.skipIf(missingPostgres())(
  "three nodes keep their word for 30 seconds of everything, and then everyone is answered",
  { timeout: 900_000 },
  async () => {
    const report = await proveCluster({ seed: 1, databases: 1, seconds: 30 });
    expect(report.complaints).toEqual([]);
    for (const size of [report.runs, ...Object.values(report.judged)]) {
      expect(size).toBeGreaterThan(0);
    }
  },
);
