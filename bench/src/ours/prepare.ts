/** The load of each workload. */
import type { Prepared } from "../contender.ts";
import { keepBusy } from "../lanes.ts";
import type { Workload, WorkloadOf } from "../workload.ts";
import { counter, five, nothing, parent, remoteFive, stepsPerRun } from "./definitions.ts";
import { jobs } from "./jobs.ts";
import { expect, figuresOf, timed, type Load, type Setup } from "./load.ts";
import { longRun } from "./long-run.ts";
import { signals } from "./signals.ts";

export async function prepare(setup: Setup, workload: Workload): Promise<Prepared> {
  if (workload.kind === "jobs") return jobs(setup, workload);
  const load: Load = { perdure: setup.perdure, probe: await setup.work() };
  switch (workload.kind) {
    case "steps":
    case "remote-steps":
      return steps(load, workload);
    case "step-runs":
      return stepRuns(load, workload);
    case "no-steps":
      return noSteps(load, workload);
    case "fan-out":
      return fanOut(load, workload);
    case "increments":
      return increments(load, workload);
    case "signals":
      return signals(load, workload);
    case "long-run":
      return longRun(load, workload);
    case "growth":
      throw new Error("growth is measured on an engine that is opened for it");
  }
}

function steps(
  { perdure, probe }: Load,
  { kind, inFlight }: WorkloadOf<"steps" | "remote-steps">,
): Prepared {
  const definition = kind === "steps" ? five : remoteFive;
  const work = async (): Promise<void> => {
    await (await perdure.start(definition)).result();
  };
  return {
    async run(_, budget) {
      await probe.take();
      return figuresOf(await keepBusy(inFlight, budget, work), stepsPerRun, await probe.take());
    },
  };
}

function stepRuns({ perdure }: Load, { inFlight }: WorkloadOf<"step-runs">): Prepared {
  return timed(inFlight, 1, async () => {
    await (await perdure.start(five)).result();
  });
}

function noSteps({ perdure }: Load, { inFlight }: WorkloadOf<"no-steps">): Prepared {
  return timed(inFlight, 1, async () => {
    expect(await (await perdure.start(nothing)).result(), 1);
  });
}

function fanOut({ perdure }: Load, { inFlight, children }: WorkloadOf<"fan-out">): Prepared {
  return timed(inFlight, children, async () => {
    const run = await perdure.start(parent, { input: children });
    expect(await run.result(), children);
  });
}

function increments({ perdure }: Load, { inFlight, keys }: WorkloadOf<"increments">): Prepared {
  const sent = Array.from({ length: keys }, () => 0);
  const highest = Array.from({ length: keys }, () => 0);
  let next = 0;
  const load = timed(inFlight, 1, async () => {
    const key = next++ % keys;
    sent[key] = (sent[key] ?? 0) + 1;
    const value = await perdure.object(counter, `key-${key}-of-${keys}`).increment();
    highest[key] = Math.max(highest[key] ?? 0, value);
  });
  return {
    async run(phase, budget) {
      const measured = await load.run(phase, budget);
      if (measured.unfinished !== undefined) return measured;
      for (const [key, count] of sent.entries()) expect(highest[key], count);
      return measured;
    },
  };
}
