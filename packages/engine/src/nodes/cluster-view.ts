/**
 * The cluster as people look at it: who is there, who has what, and what waits where. It is put
 * together from this node's view of the store and from what each node says of its own partitions.
 */
import type { PartitionRecord, Store } from "@perdure/store";
import type { Pump } from "../commit/pump.ts";
import type { Env } from "../env.ts";
import type { Partition } from "../streams/partition.ts";
import type { Alarms } from "../time/alarms.ts";
import type { Memberships } from "./memberships.ts";
import { HERE, type Router } from "./router.ts";

export interface NodeView {
  readonly id: string;
  /** Where other nodes reach it. */
  readonly address: string;
  readonly version: string;
  /** Ms since epoch, by its own clock. */
  readonly startedAt: number;
  /** For how long its sign of life has stood still, as the node that is asked has seen it. */
  readonly beatAgeMs: number;
  readonly isSelf: boolean;
  readonly isAlive: boolean;
  readonly isLeaving: boolean;
  /** The node that is asked can talk to it. */
  readonly isReachable: boolean;
  readonly partitions: number;
}

/** What only its owner knows of a partition. */
export interface PartitionGauge {
  readonly partition: number;
  /** Ms since epoch, by the owner's clock. */
  readonly openedAt: number;
  readonly liveStreams: number;
  /** Messages that wait to be decided. */
  readonly queued: number;
  readonly commitsInFlight: number;
  /** For how long the oldest of them has been on its way; 0: there is none. */
  readonly oldestCommitMs: number;
  /** Alarms that should have rung. */
  readonly lateAlarms: number;
}

export interface PartitionView extends Partial<Omit<PartitionGauge, "partition">> {
  readonly partition: number;
  /** The partitions of one database are committed together. */
  readonly database: number;
  /** 0: nobody has opened it yet. */
  readonly epoch: number;
  /** The id of the node that has it, alive or not; absent: nobody, or the only engine. */
  readonly owner?: string;
}

/** A database as it hears the node that is asked. */
export interface DatabaseView {
  readonly database: number;
  /** Since it took the node's last sign of life. */
  readonly beatAgeMs: number;
  /** Not so: the node has no partition of it. */
  readonly isWithinLease: boolean;
}

export interface ClusterReport {
  /** The id of the node that was asked; absent: the only engine of its store. */
  readonly self?: string;
  /** None: the only engine of its store. */
  readonly nodes: readonly NodeView[];
  readonly partitions: readonly PartitionView[];
  /** None: the only engine of its store. */
  readonly databases: readonly DatabaseView[];
}

export interface GaugeParts {
  readonly env: Env;
  readonly partitions: readonly Partition[];
  readonly alarms: Alarms;
  readonly pump: Pick<Pump, "oldest">;
}

/** Of the partitions that are here. */
export function gauges({ env, partitions, alarms, pump }: GaugeParts): readonly PartitionGauge[] {
  const now = env.monotonic();
  const oldest = pump.oldest();
  const late = alarms.late(env.now());
  return partitions
    .filter(({ isOpen }) => isOpen)
    .map((partition) => ({
      partition: partition.number,
      openedAt: partition.openedAt,
      liveStreams: partition.lives.size,
      queued: partition.queue.length + partition.resumed.length,
      commitsInFlight: partition.inFlight,
      oldestCommitMs: Math.round(now - (oldest.get(partition.number) ?? now)),
      lateAlarms: late.get(partition.number) ?? 0,
    }));
}

/** Of an engine that is alone with its store. */
export function reportAlone(parts: GaugeParts & { readonly store: Store }): ClusterReport {
  const { partitions, store } = parts;
  const records = partitions.map(({ number, epoch }) => ({ partition: number, epoch }));
  const views = partitionViews(store, records, gauges(parts));
  return { nodes: [], partitions: views, databases: [] };
}

export interface ReportParts {
  readonly env: Env;
  readonly store: Store;
  readonly self: string;
  readonly memberships: Memberships;
  readonly router: Router;
}

/** A node that cannot be asked now has no gauges in it. */
export async function reportOf(parts: ReportParts): Promise<ClusterReport> {
  const { store, self, memberships, router } = parts;
  const places = [HERE, ...router.others().filter((id) => router.channelTo(id) !== undefined)];
  const found = await Promise.all(
    places.map((place) => router.at(place, undefined, "gauges", []).catch(() => [])),
  );
  const { nodes, partitions } = memberships;
  const counts = new Map<string, number>();
  for (const { owner } of partitions) {
    if (owner !== undefined) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  return {
    self,
    nodes: nodes.map(({ id, address, version, startedAt, isLeaving }) => ({
      id,
      address,
      version,
      startedAt,
      beatAgeMs: Math.max(0, Math.round(memberships.beatAgeMs(id))),
      isSelf: id === self,
      isAlive: memberships.isAlive(id),
      isLeaving,
      isReachable: id === self || router.channelTo(id) !== undefined,
      partitions: counts.get(id) ?? 0,
    })),
    partitions: partitionViews(store, partitions, found.flat()),
    databases: memberships.databases(self),
  };
}

function partitionViews(
  store: Pick<Store, "databaseOf">,
  records: readonly PartitionRecord[],
  known: readonly PartitionGauge[],
): readonly PartitionView[] {
  const byNumber = new Map(known.map((gauge) => [gauge.partition, gauge]));
  return records.map((record) => ({
    ...byNumber.get(record.partition),
    ...record,
    database: store.databaseOf(record.partition),
  }));
}
