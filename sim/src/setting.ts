/** What a seed decides before anything happens: the store, the cluster, and how long it is harmed. */
import type { ClusterShape } from "./cluster/cluster.ts";
import type { Terms } from "./cluster/runtime.ts";
import { workersOf, type Workers } from "./remote/kinds.ts";
import type { Prng } from "./world/prng.ts";

export interface Setting {
  readonly store: "memory" | "sqlite";
  readonly partitions: number;
  /** Never more than partitions. */
  readonly databases: number;
  readonly customers: number;
  /** Ms in which customers come and faults strike. */
  readonly chaosMs: number;
  readonly cluster: ClusterShape;
}

/** Small caches and few slots make cold reloads and evictions common. */
export function drawSetting(prng: Prng, workers?: Workers): Setting {
  const drawn = drawNodes(prng.fork("nodes"));
  const kinds = workers ?? prng.fork("workers").pick(workersOf);
  const partitions = prng.fork("partitions").pick([1, 2, 4]);
  return {
    store: prng.fork("store").chance(0.2) ? "sqlite" : "memory",
    partitions,
    databases: partitions > 1 && prng.fork("databases").chance(0.4) ? 2 : 1,
    customers: prng.fork("customers").between(1, 6),
    chaosMs: prng.fork("chaos").between(2_000, 15_000),
    cluster: {
      ...drawn,
      kinds,
      ...drawShape(prng.fork("shape"), prng.fork("terms")),
    },
  };
}

/** One engine that has the store for itself, or one to three nodes that share it. */
function drawNodes(prng: Prng): Pick<ClusterShape, "nodes" | "membership"> {
  return {
    nodes: prng.pick([0, 0, 1, 2, 3, 3]),
    membership: {
      leaseMs: prng.pick([1_000, 2_000]),
      beatMs: prng.pick([100, 300]),
      marginMs: 100,
      handoverMs: prng.pick([100, 1_000, 5_000]),
    },
  };
}

function drawShape(
  prng: Prng,
  terms: Prng,
): Omit<ClusterShape, "kinds" | keyof ReturnType<typeof drawNodes>> {
  return {
    workers: prng.between(1, 3),
    node: {
      liveStreams: prng.pick([2, 8, 10_000]),
      idleMs: prng.pick([100, 1_000, 60_000]),
      commitsInFlight: prng.pick([1, 2, 2, 4]),
      pruneEveryMs: prng.pick([200, 60_000]),
    },
    worker: {
      taskSlots: prng.pick([1, 2, 10]),
      runSlots: prng.pick([1, 2, 100]),
      leaseMs: prng.pick([1_000, 3_000]),
      terms: drawTerms(terms),
    },
  };
}

/** One version for all of a seed's workers: a run pinned to another would wait for a person. */
function drawTerms(prng: Prng): Terms {
  return {
    ...(prng.chance(0.3) ? { concurrency: prng.between(1, 2) } : {}),
    ...(prng.chance(0.3) ? { rate: { perSecond: prng.pick([2, 20]), burst: 1 } } : {}),
    ...(prng.chance(0.3) ? { version: "v1", versioning: prng.pick(["move", "pin"]) } : {}),
  };
}

/** By name, what makes a setting simpler. */
export const simplifications = {
  memory: (setting) => ({ ...setting, store: "memory" }),
  onePartition: (setting) => ({ ...setting, partitions: 1, databases: 1 }),
  oneDatabase: (setting) => ({ ...setting, databases: 1 }),
  alone: (setting) => ({ ...setting, cluster: { ...setting.cluster, nodes: 0 } }),
  twoNodes: (setting) => withFewerNodes(setting, 2),
  oneNode: (setting) => withFewerNodes(setting, 1),
  oneWorker: (setting) => ({ ...setting, cluster: { ...setting.cluster, workers: 1 } }),
  largeCaches: (setting) => withNode(setting, { liveStreams: 10_000, idleMs: 60_000 }),
  oneCommit: (setting) => withNode(setting, { commitsInFlight: 1 }),
  noPruning: (setting) => withNode(setting, { pruneEveryMs: 60_000 }),
  manySlots: (setting) => withWorker(setting, { taskSlots: 10, runSlots: 100 }),
  noTerms: (setting) => withWorker(setting, { terms: {} }),
} satisfies Readonly<Record<string, (setting: Setting) => Setting>>;

export type Simplification = keyof typeof simplifications;

export const allSimplifications: readonly Simplification[] = Object.keys(
  simplifications,
) as Simplification[];

/** Of several; one that is alone stays so. */
function withFewerNodes(setting: Setting, most: number): Setting {
  const { cluster } = setting;
  return { ...setting, cluster: { ...cluster, nodes: Math.min(most, cluster.nodes) } };
}

function withNode(setting: Setting, node: Partial<ClusterShape["node"]>): Setting {
  const { cluster } = setting;
  return { ...setting, cluster: { ...cluster, node: { ...cluster.node, ...node } } };
}

function withWorker(setting: Setting, worker: Partial<ClusterShape["worker"]>): Setting {
  const { cluster } = setting;
  return { ...setting, cluster: { ...cluster, worker: { ...cluster.worker, ...worker } } };
}
