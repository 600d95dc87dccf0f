/** A real suite of our own contenders, small: the harness and every workload work, end to end. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ourContenders } from "./contenders.ts";
import { kinds, type Plan } from "./plan.ts";
import { readAllResults } from "./results.ts";
import { runSuite } from "./suite.ts";
import { phasesOf, type WorkloadKind } from "./workload.ts";

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
      const failures = await runSuite({ plan: tiny, kinds: chosen, contenders, folder, say });
      expect(failures, said.join("\n")).toBe(0);

      const all = readAllResults(folder);
      expect(all.map(({ kind }) => kind)).toEqual(chosen);
      for (const { kind, contenders: results } of all) {
        const { hello, variants } = results[entry[0]]!;
        if (hello.workloads[kind] !== true) {
          expect(variants).toEqual([]);
          continue;
        }
        expect(variants.map(({ workload }) => workload)).toEqual(tiny.workloads[kind]);
        for (const { workload, rounds } of variants) {
          const [round] = rounds;
          if (round?.error !== undefined || round === undefined) throw new Error(round?.error);
          expect(round.phases.map(({ phase }) => phase)).toEqual(phasesOf[kind]);
          for (const { operations, elapsedMs, processes } of round.phases) {
            if (workload.kind !== "growth") expect(operations).toBeGreaterThan(0);
            expect(elapsedMs).toBeGreaterThanOrEqual(0);
            expect(processes.length).toBeGreaterThan(0);
            for (const { peakBytes } of processes) expect(peakBytes).toBeGreaterThan(0);
          }
          if (workload.kind === "jobs") {
            expect(round.phases.map(({ operations }) => operations)).toEqual([30, 30]);
          }
          if (workload.kind === "growth") {
            expect(round.phases[0]?.operations).toBe(workload.sleeping);
            expect(round.memory?.heapBytes).toBeGreaterThan(0);
            expect(round.recovery?.firstRunMs).toBeGreaterThan(0);
          }
        }
      }
      expect(readdirSync(folder)).toHaveLength(chosen.length);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  240_000,
);
