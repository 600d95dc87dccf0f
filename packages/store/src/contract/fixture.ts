/** Batches and rows for contracts, short to write. */
import { runId, runStream, type RunId, type StreamId } from "@perdure/kernel";
import { sha256 } from "../codec/detached.ts";
import type { Batch, Blob, IndexRow, Opened, Store, StreamData } from "../store.ts";

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

export function run(n: number): RunId {
  return runId(1_700_000_000_000 + n, 0, n.toString(16).padStart(16, "0"));
}

export function stream(n: number): StreamId {
  return runStream(run(n));
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
