/** (g) on a job queue: enqueued in bulk, then drained by a worker that was not there before. */
import { setTimeout } from "node:timers/promises";
import type { Figures, Prepared } from "../../src/contender.ts";
import { doAll } from "../../src/lanes.ts";
import type { WorkloadOf } from "../../src/workload.ts";
import { expectAnswer, figures } from "./load.ts";

export interface JobQueue {
  /** One bulk call; the jobs are durable when it is answered. */
  add(inputs: readonly number[]): Promise<void>;
  /** What the database would do by itself soon after such a load; not timed. */
  settle?(): Promise<void>;
  /** Starts a worker that calls `job` for each, at most `concurrency` at a time. */
  work(concurrency: number, job: (input: number) => Promise<void>): Promise<void>;
  /** Those not yet durably done. */
  unfinished(): Promise<number>;
  /** Ends the worker. */
  rest(): Promise<void>;
}

/** How a queue likes its bulk calls best. */
export interface Bulk {
  readonly jobsPerCall: number;
  readonly callsInFlight: number;
}

const askEveryMs = 5;

export function jobs(queue: JobQueue, bulk: Bulk, workload: WorkloadOf<"jobs">): Prepared {
  return {
    run: (phase) =>
      phase === "enqueue"
        ? enqueue(queue, bulk, workload.jobs)
        : drain(queue, workload.jobs, workload.concurrency),
  };
}

async function enqueue(queue: JobQueue, bulk: Bulk, count: number): Promise<Figures> {
  const calls = Math.ceil(count / bulk.jobsPerCall);
  const { elapsedMs } = await doAll(bulk.callsInFlight, calls, async (call) => {
    const first = call * bulk.jobsPerCall;
    const length = Math.min(bulk.jobsPerCall, count - first);
    await queue.add(Array.from({ length }, (_, index) => first + index));
  });
  expectAnswer(await queue.unfinished(), count);
  await queue.settle?.();
  return figures(count, elapsedMs, undefined);
}

async function drain(queue: JobQueue, count: number, concurrency: number): Promise<Figures> {
  const seen = new Uint8Array(count);
  let begun = 0;
  let highest = 0;
  let running = 0;
  const { promise: allBegun, resolve } = Promise.withResolvers<void>();
  const begin = performance.now();
  await queue.work(concurrency, async (input) => {
    highest = Math.max(highest, ++running);
    await Promise.resolve();
    running--;
    seen[input] = 1;
    if (++begun === count) resolve();
  });
  await allBegun;
  // All code has run; the last ends are on their way to disk.
  while ((await queue.unfinished()) > 0) await setTimeout(askEveryMs);
  const elapsedMs = performance.now() - begin;
  await queue.rest();
  // Each was done, none twice, and never more at a time than was asked for.
  expectAnswer(seen.indexOf(0), -1);
  expectAnswer(begun, count);
  if (highest > concurrency) throw new Error(`${highest} jobs at a time, not ${concurrency}`);
  return figures(count, elapsedMs, undefined);
}
