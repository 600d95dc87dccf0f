/**
 * Three nodes on one store or several, and everything that happens to processes and networks: for a
 * while anything may fail, then it is mended, and every client has to get its answer. What they were
 * told must have been true.
 */
import { Random } from "../fuzz/random.ts";
import { Load } from "../soak/load.ts";
import { Caller } from "./caller.ts";
import { faultNames, faults, type FaultName } from "./faults.ts";
import { Leases } from "./leases.ts";
import { Lists } from "./lists.ts";
import { Notes } from "./notes.ts";
import { Registers } from "./registers.ts";
import { Site } from "./site.ts";
import type { Workload } from "./workload.ts";

export interface ClusterProof {
  readonly seed: number;
  readonly databases: number;
  /** For so long things go wrong. */
  readonly seconds: number;
}

export interface ClusterReport extends ClusterProof {
  readonly faults: Readonly<Partial<Record<FaultName, number>>>;
  /** Operations that were judged, by workload. */
  readonly judged: Readonly<Record<string, number>>;
  readonly calls: number;
  /** Of which nobody knew what had become of them. */
  readonly unanswered: number;
  /** Runs of every kind that ended as they had to. */
  readonly runs: number;
  /** From the end of the faults until everything was answered. */
  readonly healedSeconds: number;
  readonly complaints: readonly string[];
}

const LANES = 3;
const LOAD_LANES = 8;
/** In so long everything happens. */
const FULL_SECONDS = 60;
/** Between two faults, and so many go on at a time. */
const [PAUSE_MS, AT_ONCE] = [1_000, 2];

export async function proveCluster(
  proof: ClusterProof,
  progress: (text: string) => void = () => undefined,
): Promise<ClusterReport> {
  const site = await Site.open(proof.databases);
  try {
    return await proveAt(site, proof, progress);
  } finally {
    await site.close();
  }
}

async function proveAt(
  site: Site,
  proof: ClusterProof,
  progress: (text: string) => void,
): Promise<ClusterReport> {
  const caller = new Caller(await site.callers(), new Random(proof.seed));
  const load = new Load(await site.anyNode());
  const workloads: readonly Workload[] = [new Registers(), new Lists(), new Leases(), new Notes()];
  let isOver = false;
  const lanes = workloads.flatMap((workload) =>
    Array.from({ length: LANES }, async () => workload.lane(caller, () => isOver)),
  );
  const clients = Promise.all([load.go(LOAD_LANES), ...lanes]);
  let counts: Partial<Record<FaultName, number>>;
  try {
    // A client that is told what must not be ends it all.
    counts = await Promise.race([disturb(site, proof, progress), never(clients)]);
  } finally {
    isOver = true;
    load.stop();
  }
  const mended = performance.now();
  await clients;
  await load.audit();
  const complaints = [...load.tally.wrong, ...load.tally.lost];
  for (const workload of workloads) complaints.push(...(await workload.judge(caller)));
  if (proof.seconds >= FULL_SECONDS) {
    const missed = faultNames.filter((name) => counts[name] === undefined);
    complaints.push(...missed.map((name) => `${name} never happened: give it longer`));
  }
  return {
    ...proof,
    faults: counts,
    judged: Object.fromEntries(workloads.map((workload) => [workload.name, workload.size()])),
    calls: caller.calls,
    unanswered: caller.unanswered,
    runs: load.tally.done,
    healedSeconds: (performance.now() - mended) / 1_000,
    complaints,
  };
}

/** Faults of all kinds, several at a time, and then none. */
async function disturb(
  site: Site,
  { seed, seconds }: ClusterProof,
  progress: (text: string) => void,
): Promise<Partial<Record<FaultName, number>>> {
  const random = new Random(seed + 1);
  const counts: Partial<Record<FaultName, number>> = {};
  const end = performance.now() + seconds * 1_000;
  let left: FaultName[] = [];
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, random.between(0, PAUSE_MS)));
      // Every kind has its turn before one comes again.
      if (left.length === 0) left = [...faultNames];
      const name = random.pick(left);
      left = left.filter((other) => other !== name);
      progress(name);
      await faults[name](site, random);
      counts[name] = (counts[name] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  site.heal();
  return counts;
}

/** Fails with it, and does not end with it. */
async function never(work: Promise<unknown>): Promise<never> {
  await work;
  throw new Error("the clients ended before the faults did");
}
