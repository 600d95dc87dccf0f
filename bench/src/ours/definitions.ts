/** The workloads as workflow code. What a step does is next to nothing: the engine is measured. */
import { handler, object, task, workflow } from "perdure";
import type { Context, Task, Workflow } from "perdure";
import { machineMs } from "../clock.ts";
import { LocalProbe } from "./probe.ts";

export const stepsPerRun = 5;
const sumOfSteps = 10;

export const probe = new LocalProbe();

/** From the start of one step to the start of the next: the step, its commit and the way back. */
function stopwatch(): () => void {
  let begun: number | undefined;
  return () => {
    const now = performance.now();
    if (begun !== undefined) probe.latencies.add(now - begun);
    begun = now;
  };
}

export const five: Workflow<void, number> = workflow({ name: "five" }, async (ctx) => {
  const lap = stopwatch();
  let sum = 0;
  for (let i = 0; i < stepsPerRun; i++) {
    sum += await ctx.step("add", () => {
      lap();
      return i;
    });
  }
  return checkedSum(sum);
});

export const nothing: Workflow<void, number> = workflow({ name: "nothing" }, async () => 1);

export const parent: Workflow<number, number> = workflow(
  { name: "parent" },
  async (ctx, children: number) => {
    const calls = Array.from({ length: children }, () => ctx.call(nothing));
    return (await Promise.all(calls)).reduce((sum, one) => sum + one, 0);
  },
);

export const counter = object({
  name: "counter",
  handlers: {
    increment: handler(async (ctx): Promise<number> => {
      const next = ((await ctx.state.get<number>("count")) ?? 0) + 1;
      ctx.state.set("count", next);
      return next;
    }),
  },
});

/** The signal's payload is the moment of its sending. */
export const waiter: Workflow<void, number> = workflow({ name: "waiter" }, async (ctx) => {
  const going = ctx.waitFor<number>("go");
  probe.waiting(ctx.info.runId);
  const sentAt = await going;
  return ctx.step("resumed", () => {
    probe.latencies.add(machineMs() - sentAt);
    return 1;
  });
});

const begun = new Map<string, () => void>();

/** The laps of a run's tasks are timed where they all run. */
export const add: Task<{ run: string; value: number }, number> = task(
  { name: "add", queue: "tasks" },
  async ({ run, value }: { run: string; value: number }) => {
    const lap = begun.get(run) ?? stopwatch();
    if (value === 0) begun.set(run, lap);
    lap();
    if (value === stepsPerRun - 1) begun.delete(run);
    return value;
  },
);

export const remoteFive: Workflow<void, number> = workflow({ name: "remote-five" }, async (ctx) => {
  let sum = 0;
  for (let value = 0; value < stepsPerRun; value++) {
    sum += await ctx.run(add, { run: ctx.info.runId, value });
  }
  return checkedSum(sum);
});

export const job: Workflow<number, void> = workflow({ name: "job" }, async (_, input: number) => {
  if (!Number.isInteger(input)) throw new TypeError(`a job's input is ${String(input)}`);
  probe.jobDone();
});

export const sleeper: Workflow<void, void> = workflow({ name: "sleeper" }, async (ctx) => {
  const slept = ctx.sleep("30d");
  probe.asleep++;
  await slept;
});

export const long: Workflow<number, number> = workflow(
  { name: "long" },
  async (ctx: Context, steps: number) => {
    const lap = stopwatch();
    let sum = 0;
    for (let i = 0; i < steps; i++) {
      sum += await ctx.step("add", () => {
        lap();
        return probe.pass(i)?.then(() => 1) ?? 1;
      });
    }
    return sum;
  },
);

export const code = {
  workflows: [five, nothing, parent, waiter, remoteFive, job, sleeper, long],
  tasks: [add],
  objects: [counter],
};

function checkedSum(sum: number): number {
  if (sum !== sumOfSteps) throw new Error(`five steps gave ${String(sum)}, not ${sumOfSteps}`);
  return sum;
}
