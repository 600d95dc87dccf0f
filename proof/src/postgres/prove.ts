/**
 * No acknowledged commit is lost, none is applied twice, and of every other one the truth can be
 * had, whatever happens to PostgreSQL and to the way to it.
 */
import { Random } from "../fuzz/random.ts";
import { cutPoints, type CutPoints } from "./cut-points.ts";
import { faults, type FaultName } from "./faults.ts";
import { Site } from "./site.ts";
import type { Tally } from "./writer.ts";

export interface PostgresProof {
  readonly seed: number;
  /** Deaths of the server and of its backends. */
  readonly kills: number;
  readonly failovers: number;
}

export interface PostgresReport extends PostgresProof {
  readonly cutPoints: CutPoints;
  readonly faults: Readonly<Partial<Record<FaultName, number>>>;
  /** Of all commits. */
  readonly commits: Tally;
  readonly seconds: number;
  /** What was not as it must be. */
  readonly complaints: readonly string[];
}

/** Each kill is followed by one of these. */
const lighter = [
  "backendsTerminated",
  "connectionCut",
  "commitStranded",
  "oneWaySilence",
] as const satisfies FaultName[];

export async function provePostgres(
  proof: PostgresProof,
  progress: (text: string) => void = () => undefined,
): Promise<PostgresReport> {
  const began = performance.now();
  const site = await Site.open(proof.seed);
  try {
    const points = await cutPoints(site);
    progress(`cut at ${Object.values(points).reduce((sum, n) => sum + n, 0)} points`);
    const counts = await disturb(site, proof, progress);
    await site.audit();
    return {
      ...proof,
      cutPoints: points,
      faults: counts,
      commits: sumOf(site.writers.map(({ tally }) => tally)),
      seconds: (performance.now() - began) / 1_000,
      complaints: site.complaints,
    };
  } finally {
    await site.dispose();
  }
}

async function disturb(
  site: Site,
  { seed, kills, failovers }: PostgresProof,
  progress: (text: string) => void,
): Promise<Partial<Record<FaultName, number>>> {
  const random = new Random(seed + 1);
  const counts: Partial<Record<FaultName, number>> = {};
  let isOver = false;
  const working = Promise.all(site.writers.map((writer) => writer.go(() => isOver)));
  const strike = async (name: FaultName): Promise<void> => {
    await site.workUnderWay();
    if (site.complaints.length > 0) return;
    await faults[name](site, random);
    counts[name] = (counts[name] ?? 0) + 1;
    progress(`${name} ${counts[name]}`);
  };
  const striking = async (): Promise<void> => {
    for (let n = 0; n < kills; n++) {
      await strike(random.chance(0.6) ? "serverKilled" : "backendKilled");
      await strike(lighter[n % lighter.length] ?? "connectionCut");
      if (n % Math.ceil(kills / failovers) === 0) await strike("failover");
    }
    await site.workUnderWay();
  };
  try {
    // A writer that gives up says why.
    await Promise.race([striking(), working]);
  } finally {
    isOver = true;
  }
  await working;
  return counts;
}

function sumOf(tallies: readonly Tally[]): Tally {
  const sum: Tally = { done: 0, failed: 0, applied: 0, lost: 0, opens: 0 };
  for (const tally of tallies) {
    sum.done += tally.done;
    sum.failed += tally.failed;
    sum.applied += tally.applied;
    sum.lost += tally.lost;
    sum.opens += tally.opens;
  }
  return sum;
}
