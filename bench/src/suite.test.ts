/** A real suite of our own contenders, small: the harness and every workload work, end to end. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ourContenders } from "./contenders.ts";
import { kinds, type Plan } from "./plan.ts";
import { readAllResults, type Results } from "./results.ts";
import { runSuite } from "./suite.ts";
import { phasesOf, type Workload } from "./workload.ts";

const seconds = 0.05;

const tiny: Plan = {
  seconds,
  rounds: 1,
  workloads: {
    steps: [{ kind: "steps", inFlight: 4 }],
    "no-steps": [{ kind: "no-steps", inFlight: 4 }],
    "fan-out": [{ kind: "fan-out", children: 3, inFlight: 2 }],
    increments: [{ kind: "increments", keys: 2, inFlight: 4 }],
    signals: [{ kind: "signals", inFlight: 3 }],
    "remote-steps": [{ kind: "remote-steps", inFlight: 3 }],
    jobs: [{ kind: "jobs", jobs: 30, concurrency: 5 }],
    growth: [
      { kind: "growth", sleeping: 0 },
      { kind: "growth", sleeping: 30 },
    ],
    "long-run": [{ kind: "long-run", steps: 200 }],
  },
};

test.each([...ourContenders()])(
  "%s does every workload that it says it does",
  async (...entry) => {
    const folder = mkdtempSync(join(tmpdir(), "perdure-suite-"));
    try {
      const said: string[] = [];
      const say = (line: string): void => void said.push(line);
      const contenders = new Map([entry]);
      const failures = await runSuite({ plan: tiny, kinds, contenders, folder, say });
      const failed = said.filter((line) => line.includes("FAILED"));
      expect({ failures, failed }).toEqual({ failures: 0, failed: [] });

      const all = readAllResults(folder);
      expect(all.map(({ kind }) => kind)).toEqual(kinds);
      for (const results of all) check(results, entry[0]);
      expect(readdirSync(folder)).toHaveLength(kinds.length);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  240_000,
);

function check({ kind, contenders }: Results, name: string): void {
  const { hello, variants } = contenders[name]!;
  const measured = hello.workloads[kind] === true ? tiny.workloads[kind] : [];
  expect(variants.map(({ workload }) => workload)).toEqual(measured);
  for (const { workload, rounds } of variants) {
    const round = rounds[0]!;
    if (round.error !== undefined) throw new Error(round.error);
    expect(round.phases.map(({ phase }) => phase)).toEqual(phasesOf[kind]);
    expect(round.phases.map(({ operations }) => operations)).toSatisfy(isRight(workload));
    for (const { elapsedMs, processes } of round.phases) {
      expect(elapsedMs).toBeGreaterThanOrEqual(0);
      expect(Math.min(...processes.map(({ peakBytes }) => peakBytes))).toBeGreaterThan(1_000_000);
    }
    const isGrowth = kind === "growth";
    expect((round.memory?.heapBytes ?? 0) > 0).toBe(isGrowth);
    expect((round.recovery?.firstRunMs ?? 0) > 0).toBe(isGrowth);
  }
}

/** Where the workload says how many operations there are, so many; else some. */
function isRight(workload: Workload): (operations: readonly number[]) => boolean {
  return (operations) => {
    switch (workload.kind) {
      case "jobs":
        return operations.every((count) => count === workload.jobs);
      case "growth":
        return operations[0] === workload.sleeping && operations.slice(1).every((one) => one > 0);
      case "long-run":
        return operations.reduce((sum, one) => sum + one, 0) === workload.steps;
      default:
        return operations.every((count) => count > 0);
    }
  };
}
