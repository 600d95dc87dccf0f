import { missingPostgres } from "@perdure/store-postgres/testing";
import { expect, test } from "vitest";
import { provePostgres } from "./prove.ts";

const KILLS = 10;

test.skipIf(missingPostgres())(
  `a PostgreSQL store keeps its word through ${KILLS} kills, a failover and a cut at every message`,
  { timeout: 600_000 },
  async () => {
    const report = await provePostgres({ seed: 1, kills: KILLS, failovers: 1 });
    expect(report.complaints).toEqual([]);
    const { faults, cutPoints, commits } = report;
    expect((faults.serverKilled ?? 0) + (faults.backendKilled ?? 0)).toBe(KILLS);
    // Of what nobody knew for a while some was applied and some was not.
    expect(Math.min(commits.done, commits.applied, commits.lost)).toBeGreaterThan(0);
    for (const cuts of Object.values(cutPoints)) expect(cuts).toBeGreaterThan(0);
  },
);
