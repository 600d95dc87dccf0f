/** Real measurements, small: what is on PostgreSQL works end to end, alone and as nodes. */
import { describe, expect, test } from "vitest";
import { oursOnPostgres } from "../contenders.ts";
import { Turn } from "../measure.ts";
import { installPostgres, postgresVersion } from "../servers/postgres.ts";
import type { Workload } from "../workload.ts";

const isInstalled = postgresVersion() !== undefined;
const required = process.env["PERDURE_REQUIRE_POSTGRES"] !== undefined;
const timeoutMs = 180_000;

async function measured(name: string, ...workloads: readonly Workload[]) {
  const turn = new Turn(oursOnPostgres().get(name)!);
  try {
    const phases = [];
    for (const workload of workloads) {
      phases.push(...(await turn.measure({ workload, seconds: 0.1, rounds: 1 })).phases);
    }
    return phases;
  } finally {
    await turn.close();
  }
}

describe.skipIf(!isInstalled && !required)(`on PostgreSQL (${installPostgres})`, () => {
  test(
    "two nodes share the runs in flight, and their database's work is counted",
    async () => {
      const [steps] = await measured("perdure-2-nodes", { kind: "steps", inFlight: 4 });
      expect(steps!.operations % 5).toBe(0);
      expect(steps!.operations).toBeGreaterThanOrEqual(4 * 5);
      expect(steps!.processes.map(({ name }) => name)).toEqual(["node 1", "node 2", "postgres"]);
      const { commits, walBytes } = steps!.database!;
      expect(Math.min(commits, walBytes)).toBeGreaterThan(0);
    },
    timeoutMs,
  );

  test(
    "an embedded engine does jobs there too",
    async () => {
      const phases = await measured("perdure-postgres", {
        kind: "jobs",
        jobs: 30,
        concurrency: 5,
      });
      expect(phases.map(({ operations }) => operations)).toEqual([30, 30]);
    },
    timeoutMs,
  );
});
