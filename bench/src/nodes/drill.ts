/**
 * `npm run bench -- nodes`: what the load does not show. How long a dead node's partitions stand still,
 * and what a cluster that has nothing to do asks of its database.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { thisMachine } from "../machine.ts";
import { cpuOf } from "../processes.ts";
import { countedSince } from "../servers/postgres-counters.ts";
import { Cluster, keysOfAWave, type ClusterSize } from "./cluster.ts";
import { drillFile, type Idle, type NodesRecord, type Takeover } from "./record.ts";

const idleSizes: readonly ClusterSize[] = [
  { nodes: 1, databases: 1 },
  { nodes: 2, databases: 1 },
  { nodes: 3, databases: 1 },
  { nodes: 3, databases: 3 },
];
/** What was at work is settled after so long, and is asked for no more. */
const settlingMs = 5_000;
const inFlight = 64;
const beforeKillMs = 1_000;

export interface DrillOptions {
  readonly folder: string;
  readonly rounds: number;
  readonly idleSeconds: number;
  readonly say: (line: string) => void;
}

/** Says how many measurements failed; what was measured is written all the same. */
export async function runDrill(options: DrillOptions): Promise<number> {
  const { folder, rounds, idleSeconds, say } = options;
  const suite = { begunAt: new Date().toISOString(), machine: thisMachine() };
  const takeovers: Takeover[] = [];
  const idle: Idle[] = [];
  let failures = 0;
  const attempt = async <Value>(what: string, into: Value[], measure: () => Promise<Value>) => {
    try {
      const value = await measure();
      into.push(value);
      say(`${what}: ${JSON.stringify(value)}`);
    } catch (error) {
      failures++;
      say(`${what}: FAILED: ${String(error)}`);
    }
  };
  for (let round = 1; round <= rounds; round++) {
    const what = `takeover ${round} of ${rounds}`;
    await attempt(what, takeovers, () => on({ nodes: 3, databases: 1 }, takeOver));
  }
  for (const size of idleSizes) {
    await attempt("idle", idle, () => on(size, (cluster) => idleOn(cluster, size, idleSeconds)));
  }
  const record: NodesRecord = { suite, takeovers, idle };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, drillFile), `${JSON.stringify(record, undefined, 1)}\n`);
  return failures;
}

async function on<Value>(
  size: ClusterSize,
  act: (cluster: Cluster) => Promise<Value>,
): Promise<Value> {
  const folder = mkdtempSync(join(tmpdir(), "perdure-bench-nodes-"));
  try {
    const cluster = await Cluster.open(folder, size);
    try {
      return await act(cluster);
    } finally {
      await cluster.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One of three is killed in the middle of its load; another one is asked about everything at once. */
async function takeOver(cluster: Cluster): Promise<Takeover> {
  const [first, , last] = cluster.nodes;
  if (first === undefined || last === undefined) throw new Error("a takeover needs three nodes");
  const load = cluster.load("steps", inFlight, { seconds: (2 * beforeKillMs) / 1_000 });
  // The dead one's part of it is not waited for.
  const survivors = load.catch(() => undefined);
  await sleep(beforeKillMs);
  await last.kill();
  const begin = performance.now();
  await first.reach(keysOfAWave);
  const answersMs = performance.now() - begin;
  await survivors;
  while ((await first.openRuns()) > 0) await sleep(10);
  return { answersMs, finishedMs: performance.now() - begin };
}

async function idleOn(cluster: Cluster, size: ClusterSize, seconds: number): Promise<Idle> {
  await cluster.load("steps", inFlight, { seconds: 0.5 });
  await sleep(settlingMs);
  const named = cluster.processes();
  const [before, cpuBefore] = [await cluster.counters(), cpuMs(named)];
  await sleep(seconds * 1_000);
  const cpu = cpuMs(named) - cpuBefore;
  const done = countedSince(before, await cluster.counters());
  return {
    ...size,
    statementsPerSecond: done.statements / seconds,
    commitsPerSecond: done.commits / seconds,
    walBytesPerSecond: done.walBytes / seconds,
    cpuMsPerSecond: cpu / seconds,
  };
}

function cpuMs(named: Parameters<typeof cpuOf>[0]): number {
  return cpuOf(named).reduce((sum, one) => sum + one.cpuMs, 0);
}
