/** What the loads on Perdure share: the client that a user has, `open`'s or `connect`'s, and the probe. */
import type { Perdure } from "perdure";
import type { Budget, Figures, Prepared } from "../contender.ts";
import { keepBusy, type Lanes } from "../lanes.ts";
import { Latencies } from "../latency.ts";
import type { Probe } from "./probe.ts";

export interface Setup {
  readonly perdure: Perdure;
  /** Brings code for the runs, so many of them at a time; without it they wait. */
  readonly work: (runSlots?: number) => Promise<Probe>;
}

export interface Load {
  readonly perdure: Perdure;
  readonly probe: Probe;
}

/** Operations in batches of `each`, timed from the call to the answer. */
export function timed(width: number, each: number, work: () => Promise<void>): Prepared {
  const latencies = new Latencies();
  return {
    async run(_: string, budget: Budget): Promise<Figures> {
      latencies.take();
      const lanes = await keepBusy(width, budget, async () => {
        const begin = performance.now();
        await work();
        latencies.add(performance.now() - begin);
      });
      return figuresOf(lanes, each, latencies.take());
    },
  };
}

export function figures(
  operations: number,
  elapsedMs: number,
  latency: Figures["latency"],
): Figures {
  return { operations, elapsedMs, ...(latency === undefined ? {} : { latency }) };
}

/** Of a load whose every piece of work was `each` operations. */
export function figuresOf(
  { done, elapsedMs, unfinished }: Lanes,
  each: number,
  latency: Figures["latency"],
): Figures {
  const measured = figures(done * each, elapsedMs, latency);
  return unfinished === 0 ? measured : { ...measured, unfinished: unfinished * each };
}

export function expect(actual: unknown, wanted: number): void {
  if (actual !== wanted) throw new Error(`an answer is ${String(actual)}, not ${wanted}`);
}
