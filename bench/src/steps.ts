/**
 * The first figure: workflows of five local steps in a row, each of which begins only when the one
 * before is on disk, so many of them in flight at a time.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open, workflow } from "perdure";
import { percentile } from "./statistics.ts";

export interface StepFigures {
  readonly inFlight: number;
  readonly steps: number;
  readonly stepsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** All threads of the process: engine, kernel, workflow code and the store's writer. */
  readonly cpuUsPerStep: number;
}

const stepsPerRun = 5;

/** From the start of one step to the start of the next: the step, its commit and the way back. */
const latencies: number[] = [];

const five = workflow({ name: "five" }, async (ctx) => {
  let sum = 0;
  let begun = 0;
  for (let i = 0; i < stepsPerRun; i++) {
    sum += await ctx.step("add", () => {
      const now = performance.now();
      if (i > 0) latencies.push(now - begun);
      begun = now;
      return i;
    });
  }
  return sum;
});

export async function measureSteps(inFlight: number, seconds: number): Promise<StepFigures> {
  const folder = mkdtempSync(join(tmpdir(), "perdure-bench-"));
  const perdure = await open({
    store: `sqlite:${join(folder, "bench.db")}`,
    workflows: [five],
    guard: false,
  });
  try {
    await keepBusy(inFlight, 0.5, () => run(perdure));
    latencies.length = 0;
    const cpu = process.cpuUsage();
    const begin = performance.now();
    const runs = await keepBusy(inFlight, seconds, () => run(perdure));
    const elapsedMs = performance.now() - begin;
    const used = process.cpuUsage(cpu);
    const steps = runs * stepsPerRun;
    return {
      inFlight,
      steps,
      stepsPerSecond: (steps / elapsedMs) * 1_000,
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      cpuUsPerStep: (used.user + used.system) / steps,
    };
  } finally {
    await perdure.close();
    rmSync(folder, { recursive: true });
  }
}

async function run(perdure: Awaited<ReturnType<typeof open>>): Promise<void> {
  const handle = await perdure.start(five, {});
  const sum = await handle.result();
  if (sum !== 10) throw new Error(`five steps gave ${String(sum)}, not 10`);
}

/** Keeps `width` of `work` going until the time is up; says how many ended. */
async function keepBusy(
  width: number,
  seconds: number,
  work: () => Promise<void>,
): Promise<number> {
  const end = performance.now() + seconds * 1_000;
  let done = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      await work();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return done;
}
