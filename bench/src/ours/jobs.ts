import { setTimeout } from "node:timers/promises";
import type { Perdure } from "perdure";
import type { Figures, Prepared } from "../contender.ts";
import type { WorkloadOf } from "../workload.ts";
import { job } from "./definitions.ts";
import { expect, figures, type Setup } from "./load.ts";

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
  const items = Array.from({ length: count }, (_, input) => ({ input }));
  const begin = performance.now();
  const started = await perdure.startMany(job, items);
  const elapsedMs = performance.now() - begin;
  for (const { error } of started) if (error !== undefined) throw error;
  return figures(started.length, elapsedMs, undefined);
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
