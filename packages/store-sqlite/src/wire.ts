/** What goes between the port and the writer, as bytes that can change threads. */
import type { StreamId } from "@perdure/kernel";
import {
  encodeFrames,
  packHousekeeping,
  type Alarm,
  type Batch,
  type Claim,
  type ClusterView,
  type Correspondence,
  type Delivery,
  type NodeRecord,
  type OpenRuns,
  type Opened,
  type PackedHousekeeping,
  type Page,
  type Place,
  type Query,
  type Seal,
  type StoreFacts,
} from "@perdure/store";
import type { RawStream } from "@perdure/store/log";

export interface WireCommit {
  readonly segment: Uint8Array;
  readonly housekeeping: PackedHousekeeping | undefined;
}

export function toWire(batches: readonly Batch[]): WireCommit {
  return { segment: encodeFrames(batches), housekeeping: packHousekeeping(batches) };
}

/** Everything but commits, as the writer (or, for the last three, a reader) answers it. */
export interface Calls {
  open(partition: number, claim?: Claim): Opened;
  release(partition: number, epoch: number): void;
  seal(partition: number, epoch: number, seal: Seal | undefined): void;
  beat(node: NodeRecord, gone: readonly string[]): ClusterView;
  outcome(partition: number, number: number, epoch?: number): "applied" | "lost";
  read(stream: StreamId, from: number | undefined, limit: number): RawStream | undefined;
  blobs(hashes: readonly Uint8Array[]): readonly (Uint8Array | undefined)[];
  streams(prefix: string, limit: number, after: StreamId | undefined): readonly StreamId[];
  alarms(partition: number, before: number, limit: number): readonly Alarm[];
  prune(now: number, limit: number, partitions: readonly number[] | undefined): readonly StreamId[];
  flush(): void;
  delivered(deliveries: readonly Delivery[]): void;
  correspondence(partition: number): readonly Correspondence[];
  place(wanted: Place | undefined): Place | undefined;
  facts(): StoreFacts;
  search(query: Query): Page;
  count(query: Omit<Query, "limit" | "cursor">): number;
  versions(namespace: string): readonly OpenRuns[];
}

export type Call = {
  readonly [K in keyof Calls]: { readonly name: K; readonly args: Parameters<Calls[K]> };
}[keyof Calls];
