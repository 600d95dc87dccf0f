/** What a suite measures, and for how long. */
import type { Workload, WorkloadKind } from "./workload.ts";

export type Plan = Readonly<Record<WorkloadKind, readonly Part[]>>;

/** A workload of one size, and what is spent on it. */
export interface Part {
  readonly workload: Workload;
  /** Of every phase that goes on until told. */
  readonly seconds: number;
  /** It is measured in so many of the first rounds. */
  readonly rounds: number;
  /** The contenders that it is for; absent: all. */
  readonly only?: readonly string[];
  /** What a process that has done nothing yet is warmed for; absent: a moment. */
  readonly warmUpSeconds?: number;
}

export function isFor({ only }: Part, contender: string): boolean {
  return only?.includes(contender) ?? true;
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
  "step-runs": "j",
};

export const kinds = Object.keys(letters) as readonly WorkloadKind[];

const rounds = 5;

/** Chosen so that all of it, with all peers, takes half an hour. */
export const fullPlan: Plan = {
  steps: [
    { workload: { kind: "steps", inFlight: 1 }, seconds: 2, rounds },
    { workload: { kind: "steps", inFlight: 64 }, seconds: 2, rounds },
    { workload: { kind: "steps", inFlight: 256 }, seconds: 2, rounds },
    { workload: { kind: "steps", inFlight: 1_024 }, seconds: 1.5, rounds },
  ],
  "no-steps": [{ workload: { kind: "no-steps", inFlight: 64 }, seconds: 1.5, rounds }],
  "fan-out": [{ workload: { kind: "fan-out", children: 100, inFlight: 4 }, seconds: 1.5, rounds }],
  increments: [1, 1_000].map((keys) => ({
    workload: { kind: "increments", keys, inFlight: 64 },
    seconds: 1.5,
    rounds,
  })),
  signals: [1, 64].map((inFlight) => ({
    workload: { kind: "signals", inFlight },
    seconds: 1.5,
    rounds,
  })),
  "remote-steps": [{ workload: { kind: "remote-steps", inFlight: 64 }, seconds: 1.5, rounds }],
  jobs: [{ workload: { kind: "jobs", jobs: 100_000, concurrency: 50 }, seconds: 0, rounds }],
  growth: [
    { workload: { kind: "growth", sleeping: 0 }, seconds: 3, rounds },
    { workload: { kind: "growth", sleeping: 100_000 }, seconds: 3, rounds },
    // Two minutes each, of which the rounds before have shown the trend.
    { workload: { kind: "growth", sleeping: 1_000_000 }, seconds: 3, rounds: 1 },
  ],
  "long-run": [{ workload: { kind: "long-run", steps: 100_000 }, seconds: 0, rounds: 3 }],
  "step-runs": [],
};

/** One service behind two servers: what its callers see, from a lone call to many at once. */
export const racePlan: Plan = planOf(
  1.5,
  3,
  [1, 16, 64, 256].flatMap((inFlight): readonly Workload[] => [
    { kind: "no-steps", inFlight },
    { kind: "step-runs", inFlight },
    { kind: "increments", keys: 1, inFlight },
    { kind: "increments", keys: 1_000, inFlight },
  ]),
);

const onPostgres = planOf(2, 3, [
  { kind: "steps", inFlight: 1 },
  { kind: "steps", inFlight: 16 },
  { kind: "steps", inFlight: 64 },
  { kind: "no-steps", inFlight: 64 },
  { kind: "jobs", jobs: 30_000, concurrency: 50 },
]);

/** As many in flight for each node and database as one of them has at 64. */
const withTheCluster: readonly Part[] = (
  [
    [128, ["perdure-2-nodes"]],
    [192, ["perdure-3-nodes", "perdure-3-databases"]],
    [576, ["perdure-3-nodes-3-databases"]],
  ] as const
).map(([inFlight, only]) => ({
  workload: { kind: "steps", inFlight },
  seconds: 2,
  rounds: 3,
  only,
}));

/**
 * Engines on PostgreSQL: from a lone run to many at once, and what a step costs the database. All are
 * as warm as processes that have been up for some seconds.
 */
export const postgresPlan: Plan = changed(
  { ...onPostgres, steps: [...onPostgres.steps, ...withTheCluster] },
  { warmUpSeconds: 4 },
);

/** Does it all work? Its figures mean nothing. */
export const quickPlan: Plan = planOf(0.3, 1, [
  { kind: "steps", inFlight: 1 },
  { kind: "steps", inFlight: 16 },
  { kind: "no-steps", inFlight: 16 },
  { kind: "fan-out", children: 10, inFlight: 4 },
  { kind: "increments", keys: 1, inFlight: 16 },
  { kind: "increments", keys: 20, inFlight: 16 },
  { kind: "signals", inFlight: 1 },
  { kind: "signals", inFlight: 16 },
  { kind: "remote-steps", inFlight: 16 },
  { kind: "jobs", jobs: 500, concurrency: 50 },
  { kind: "growth", sleeping: 0 },
  { kind: "growth", sleeping: 500 },
  { kind: "long-run", steps: 500 },
  { kind: "step-runs", inFlight: 16 },
]);

/** The same for all. */
export function planOf(seconds: number, count: number, workloads: readonly Workload[]): Plan {
  return mapPlan((kind) =>
    workloads
      .filter((workload) => workload.kind === kind)
      .map((workload) => ({ workload, seconds, rounds: count })),
  );
}

/** With other budgets, where they are given. */
export function changed(
  plan: Plan,
  budget: Partial<Pick<Part, "seconds" | "rounds" | "warmUpSeconds">>,
): Plan {
  return mapPlan((kind) => plan[kind].map((part) => ({ ...part, ...budget })));
}

function mapPlan(of: (kind: WorkloadKind) => readonly Part[]): Plan {
  return {
    steps: of("steps"),
    "no-steps": of("no-steps"),
    "fan-out": of("fan-out"),
    increments: of("increments"),
    signals: of("signals"),
    "remote-steps": of("remote-steps"),
    jobs: of("jobs"),
    growth: of("growth"),
    "long-run": of("long-run"),
    "step-runs": of("step-runs"),
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
