/** What the peers' workloads have in common. The load itself is that of Perdure's own contenders. */
import type { Budget, Figures, Prepared } from "../../src/contender.ts";
import { keepBusy } from "../../src/lanes.ts";
import { Latencies, type Latency } from "../../src/latency.ts";
import type { Workload, WorkloadKind } from "../../src/workload.ts";

export const stepsPerRun = 5;
const sumOfSteps = 10;

/** From the start of one step to the start of the next: the step, its commit and the way back. */
export class Stopwatch {
  readonly #latencies: Latencies;
  #begun: number | undefined;

  constructor(latencies: Latencies) {
    this.#latencies = latencies;
  }

  lap(): void {
    const now = performance.now();
    if (this.#begun !== undefined) this.#latencies.add(now - this.#begun);
    this.#begun = now;
  }
}

/** Operations in batches of `each`, timed from the call to the answer. */
export function timed(width: number, each: number, work: () => Promise<void>): Prepared {
  const latencies = new Latencies();
  return {
    run: (_: string, budget: Budget) => {
      latencies.take();
      return busy(width, budget, each, {
        work: async () => {
          const begin = performance.now();
          await work();
          latencies.add(performance.now() - begin);
        },
        take: async () => latencies.take(),
      });
    },
  };
}

/** Operations in batches of `each`, timed by their own code. */
export function timedInside(width: number, each: number, { work, take }: Inside): Prepared {
  return {
    run: async (_: string, budget: Budget) => {
      await take();
      return busy(width, budget, each, { work, take });
    },
  };
}

interface Inside {
  readonly work: () => Promise<void>;
  /** The latencies since the last call. */
  readonly take: () => Promise<Latency | undefined>;
}

async function busy(
  width: number,
  budget: Budget,
  each: number,
  { work, take }: Inside,
): Promise<Figures> {
  const { done, elapsedMs, unfinished } = await keepBusy(width, budget, work);
  const measured = figures(done * each, elapsedMs, await take());
  return unfinished === 0 ? measured : { ...measured, unfinished: unfinished * each };
}

export function figures(
  operations: number,
  elapsedMs: number,
  latency: Latency | undefined,
): Figures {
  return { operations, elapsedMs, ...(latency === undefined ? {} : { latency }) };
}

export function expectSum(sum: unknown): void {
  expectAnswer(sum, sumOfSteps);
}

export function expectAnswer(actual: unknown, wanted: number): void {
  if (actual !== wanted) throw new Error(`an answer is ${String(actual)}, not ${wanted}`);
}

/** Calls by name that may come before, or after, somebody waits for them. */
export class Meetings<Value> {
  readonly #early = new Map<string, Value>();
  readonly #waiting = new Map<string, (value: Value) => void>();

  come(name: string, value: Value): void {
    const waiter = this.#waiting.get(name);
    this.#waiting.delete(name);
    if (waiter === undefined) this.#early.set(name, value);
    else waiter(value);
  }

  async meet(name: string): Promise<Value> {
    const early = this.#early.get(name);
    if (early !== undefined) {
      this.#early.delete(name);
      return early;
    }
    return new Promise<Value>((resolve) => void this.#waiting.set(name, resolve));
  }
}

/** Asked for by a harness that did not heed `hello`. */
export function refused(name: string, workload: Workload): never {
  throw new Error(`${name} is not measured on ${workload.kind}`);
}

const ownGrowth = "is Perdure's own measure: how its cost grows with what it keeps";

/** What is measured of a peer: the kinds named, and for each other one a reason. */
export function workloads(
  measured: readonly WorkloadKind[],
  reasons: Partial<Record<WorkloadKind, string>>,
  otherwise: string,
): Readonly<Record<WorkloadKind, true | string>> {
  const of = (kind: WorkloadKind) =>
    measured.includes(kind) ? true : (reasons[kind] ?? otherwise);
  return {
    steps: of("steps"),
    "no-steps": of("no-steps"),
    "fan-out": of("fan-out"),
    increments: of("increments"),
    signals: of("signals"),
    "remote-steps": of("remote-steps"),
    jobs: of("jobs"),
    growth: reasons.growth ?? ownGrowth,
    "long-run": reasons["long-run"] ?? ownGrowth,
    "step-runs": of("step-runs"),
  };
}
