/** Batches and rows for contracts, short to write. */
import { partitionOf, runId, runStream, type RunId, type StreamId } from "@perdure/kernel";
import { sha256 } from "../codec/detached.ts";
import type {
  Batch,
  Blob,
  ClusterView,
  IndexRow,
  NodeRecord,
  Opened,
  Store,
  StreamData,
} from "../store.ts";

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function untext(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** The events of a stream as the texts they were made of. */
export function texts(data: StreamData | undefined): readonly string[] | undefined {
  return data?.events.map(untext);
}

export function run(n: number, partition = 0): RunId {
  return runId(1_700_000_000_000 + n, partition, n.toString(16).padStart(16, "0"));
}

/** One of the partition's. */
export function stream(n: number, partition = 0): StreamId {
  return runStream(run(n, partition));
}

export function blob(owner: StreamId, data: Uint8Array): Blob {
  return { hash: sha256(data), data, stream: owner };
}

export function row(n: number, fields: Partial<IndexRow> = {}): IndexRow {
  return {
    runId: run(n),
    namespace: "default",
    workflow: "order",
    queue: "default",
    status: "open",
    startedAt: 1_000 + n,
    attributes: {},
    events: 1,
    ...fields,
  };
}

/** What a batch holds that holds nothing. */
export const nothing: Omit<Batch, "partition" | "epoch" | "number"> = {
  appends: [],
  outbox: [],
  marks: [],
  blobs: [],
  index: [],
  settle: [],
  forget: [],
};

/** An owner of a partition, who numbers its batches as it commits them. */
export class Owner {
  readonly opened: Opened;
  readonly partition: number;
  readonly #store: Store;
  #number: number;

  constructor(store: Store, partition: number, opened: Opened) {
    this.#store = store;
    this.partition = partition;
    this.opened = opened;
    this.#number = opened.lastBatch;
  }

  static async open(store: Store, partition = 0): Promise<Owner> {
    return new Owner(store, partition, await store.open(partition));
  }

  batch(parts: Partial<Batch> = {}): Batch {
    this.#number += 1;
    return {
      partition: this.partition,
      epoch: this.opened.epoch,
      number: this.#number,
      ...nothing,
      ...parts,
    };
  }

  commit(parts: Partial<Batch> = {}): ReturnType<Store["commit"]> {
    return this.#store.commit([this.batch(parts)]);
  }

  append(to: StreamId, from: number, ...events: readonly string[]): ReturnType<Store["commit"]> {
    return this.commit({ appends: [{ stream: to, from, events: events.map(text) }] });
  }
}

/** The owners of all partitions, each of which writes what is its own. */
export class Owners {
  readonly #owners: readonly Owner[];

  constructor(owners: readonly Owner[]) {
    this.#owners = owners;
  }

  static async open(store: Store): Promise<Owners> {
    const partitions = Array.from({ length: store.partitions }, (_, n) => n);
    return new Owners(await Promise.all(partitions.map((n) => Owner.open(store, n))));
  }

  of(name: StreamId): Owner {
    const owner = this.#owners[partitionOf(name, this.#owners.length)];
    if (owner === undefined) throw new RangeError(`nobody owns ${name}`);
    return owner;
  }

  append(to: StreamId, from: number, ...events: readonly string[]): ReturnType<Store["commit"]> {
    return this.of(to).append(to, from, ...events);
  }
}

/** Another partition of the same database: the two are committed together. */
export function besideIt(store: Store, partition: number): number {
  for (let other = 0; other < store.partitions; other++) {
    const isBeside = store.databaseOf(other) === store.databaseOf(partition);
    if (other !== partition && isBeside) return other;
  }
  throw new RangeError(`partition ${partition} is alone in its database`);
}

/** A sign of life in every database, and what all of them show. */
export async function beatAll(
  store: Store,
  node: NodeRecord,
  gone: readonly string[] = [],
): Promise<ClusterView> {
  const databases = Array.from({ length: store.databases }, (_, n) => n);
  const views = await Promise.all(databases.map((database) => store.beat(node, gone, database)));
  const partitions = views.flatMap((view) => view.partitions);
  return {
    nodes: views[0]?.nodes ?? [],
    partitions: partitions.toSorted((a, b) => a.partition - b.partition),
  };
}
