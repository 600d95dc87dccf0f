/** Real measurements of our own contenders, small: the harness and every workload work, end to end. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Contender } from "./contender.ts";
import { ourContenders } from "./contenders.ts";
import { Turn, type Measurement } from "./measure.ts";
import { kinds, planOf } from "./plan.ts";
import { readAllResults } from "./results.ts";
import { runSuite } from "./suite.ts";
import { phasesOf, type Workload } from "./workload.ts";

const seconds = 0.05;
const timeoutMs = 120_000;

const steps: Workload = { kind: "steps", inFlight: 1 };
const moreSteps: Workload = { kind: "steps", inFlight: 4 };
const growth: Workload = { kind: "growth", sleeping: 30 };

/** A contender's process takes all of these; a suite gives it only those of one kind. */
const together: readonly Workload[] = [
  steps,
  { kind: "no-steps", inFlight: 4 },
  { kind: "fan-out", children: 3, inFlight: 2 },
  { kind: "increments", keys: 1, inFlight: 4 },
  { kind: "increments", keys: 2, inFlight: 4 },
  { kind: "signals", inFlight: 3 },
  { kind: "remote-steps", inFlight: 3 },
  { kind: "step-runs", inFlight: 4 },
  { kind: "long-run", steps: 200 },
];
const alone: Workload = { kind: "jobs", jobs: 30, concurrency: 5 };

test(
  "a suite measures each size in each of its rounds, and says what it plans and what it took",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "perdure-suite-"));
    try {
      const module = ourContenders().get("perdure")!;
      const said: string[] = [];
      const failures = await runSuite({
        plan: planOf(seconds, 1, [steps, moreSteps, growth]),
        kinds: ["steps", "growth"],
        contenders: new Map([["perdure", module]]),
        folder,
        say: (line) => void said.push(line),
      });
      const failed = said.filter((line) => line.includes("FAILED"));
      expect({ failures, failed }).toEqual({ failures: 0, failed: [] });
      expect(said).toContainEqual(expect.stringMatching(/^planned: .* minutes/));
      expect(said).toContainEqual(expect.stringMatching(/^steps: .* minutes, planned .* minutes$/));

      const variants = readAllResults(folder).flatMap(({ contenders }) => {
        return contenders["perdure"]!.variants;
      });
      expect(variants.map(({ workload }) => workload)).toEqual([steps, moreSteps, growth]);
      for (const { workload, rounds } of variants) {
        expect(rounds).toHaveLength(1);
        const [round] = rounds;
        if (round?.error !== undefined) throw new Error(round.error);
        check(workload, round!);
        const isGrowth = workload.kind === "growth";
        expect((round!.memory?.heapBytes ?? 0) > 0).toBe(isGrowth);
        expect((round!.recovery?.firstRunMs ?? 0) > 0).toBe(isGrowth);
      }
      expect(readdirSync(folder).toSorted()).toEqual(["growth.json", "steps.json"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  timeoutMs,
);

test.each([...ourContenders()])(
  "%s does every workload that it says it does",
  async (_, module) => {
    const { contender } = (await import(module)) as { readonly contender: Contender };
    const hello = await contender.hello();
    const done = new Set<string>(["growth"]);
    for (const workloads of [together, [alone]]) {
      const turn = new Turn(module);
      try {
        for (const workload of workloads) {
          done.add(workload.kind);
          if (hello.workloads[workload.kind] !== true) continue;
          check(workload, await turn.measure({ workload, seconds, rounds: 1 }));
        }
      } finally {
        await turn.close();
      }
    }
    expect([...done].toSorted()).toEqual(kinds.toSorted());
  },
  timeoutMs,
);

function check(workload: Workload, { phases }: Measurement): void {
  expect(phases.map(({ phase }) => phase)).toEqual(phasesOf[workload.kind]);
  expect(phases.map(({ operations }) => operations)).toSatisfy(isRight(workload));
  for (const { elapsedMs, processes, unfinished } of phases) {
    expect(elapsedMs).toBeGreaterThanOrEqual(0);
    expect(unfinished).toBe(undefined);
    expect(Math.min(...processes.map(({ peakBytes }) => peakBytes))).toBeGreaterThan(1_000_000);
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
