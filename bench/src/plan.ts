/** What a suite measures, and for how long. */
import type { Workload, WorkloadKind } from "./workload.ts";

export interface Plan {
  /** Of every phase that goes on until told. */
  readonly seconds: number;
  readonly rounds: number;
  readonly workloads: Readonly<Record<WorkloadKind, readonly Workload[]>>;
}

/** In the order in which they are measured; `--only` takes the letter or the name. */
export const letters: Readonly<Record<WorkloadKind, string>> = {
  steps: "a",
  "no-steps": "b",
  "fan-out": "c",
  increments: "d",
  signals: "e",
  "remote-steps": "f",
  jobs: "g",
  growth: "h",
  "long-run": "i",
};

export const kinds = Object.keys(letters) as readonly WorkloadKind[];

export const fullPlan: Plan = {
  seconds: 1.5,
  rounds: 5,
  workloads: workloads({
    widths: [1, 64, 256, 1_024],
    children: 100,
    keys: [1, 1_000],
    jobs: 100_000,
    sleeping: [0, 100_000, 1_000_000],
    steps: 100_000,
  }),
};

/** Does it all work? Its figures mean nothing. */
export const quickPlan: Plan = {
  seconds: 0.3,
  rounds: 1,
  workloads: workloads({
    widths: [1, 16],
    children: 10,
    keys: [1, 20],
    jobs: 500,
    sleeping: [0, 500],
    steps: 500,
  }),
};

interface Sizes {
  readonly widths: readonly number[];
  readonly children: number;
  readonly keys: readonly number[];
  readonly jobs: number;
  readonly sleeping: readonly number[];
  readonly steps: number;
}

function workloads(sizes: Sizes): Plan["workloads"] {
  const { widths, children, keys, jobs, sleeping, steps } = sizes;
  return {
    steps: widths.map((inFlight) => ({ kind: "steps", inFlight })),
    "no-steps": [{ kind: "no-steps", inFlight: 64 }],
    "fan-out": [{ kind: "fan-out", children, inFlight: 4 }],
    increments: keys.map((count) => ({ kind: "increments", keys: count, inFlight: 64 })),
    signals: [1, 64].map((inFlight) => ({ kind: "signals", inFlight })),
    "remote-steps": [{ kind: "remote-steps", inFlight: 64 }],
    jobs: [{ kind: "jobs", jobs, concurrency: 50 }],
    growth: sleeping.map((count) => ({ kind: "growth", sleeping: count })),
    "long-run": [{ kind: "long-run", steps }],
  };
}

/** The kinds that `--only` names; all when it is not given. */
export function chosenKinds(only: string | undefined): readonly WorkloadKind[] {
  if (only === undefined) return kinds;
  return only.split(",").map((name) => {
    const kind = kinds.find((one) => one === name || letters[one] === name);
    if (kind !== undefined) return kind;
    const known = kinds.map((one) => `${letters[one]} (${one})`).join(", ");
    throw new Error(`--only names "${name}"; there are ${known}`);
  });
}
