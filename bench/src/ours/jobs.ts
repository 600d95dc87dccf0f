import { setTimeout } from "node:timers/promises";
import type { Perdure } from "perdure";
import type { Figures, Prepared } from "../contender.ts";
import { doAll } from "../lanes.ts";
import type { WorkloadOf } from "../workload.ts";
import { job } from "./definitions.ts";
import { expect, figures, type Setup } from "./load.ts";

/** Starts on their way at a time. */
const startsInFlight = 1_000;

/** (g) A job is a run without a step, so it is done at least once, as a queue's job is. */
export function jobs(setup: Setup, workload: WorkloadOf<"jobs">): Prepared {
  return {
    run: (phase) =>
      phase === "enqueue"
        ? enqueue(setup.perdure, workload.jobs)
        : drain(setup, workload.jobs, workload.concurrency),
  };
}

async function enqueue(perdure: Perdure, count: number): Promise<Figures> {
  const { done, elapsedMs } = await doAll(startsInFlight, count, async (input) => {
    await perdure.start(job, { input });
  });
  return figures(done, elapsedMs, undefined);
}

async function drain(
  { perdure, work }: Setup,
  count: number,
  concurrency: number,
): Promise<Figures> {
  const begin = performance.now();
  const probe = await work(concurrency);
  await probe.jobsDone(count);
  // All code has run; the last ends are on their way to disk.
  while ((await perdure.count({ workflow: job, status: ["open"] })) > 0) await setTimeout(5);
  const elapsedMs = performance.now() - begin;
  expect(await perdure.count({ workflow: job, status: ["completed"] }), count);
  return figures(count, elapsedMs, undefined);
}
