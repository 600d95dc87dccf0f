/**
 * The store port: where streams of events become durable.
 *
 * A store keeps *streams* (one per machine: a run's journal, a key's past) and knows nothing of
 * what is in them. One engine process owns a partition at a time and is its only writer.
 *
 * What every store promises, and the contract suite shows:
 *
 * S1  A commit is applied whole or not at all, over all the batches in it.
 * S2  A commit answered `done` survives the loss of the process and of power.
 * S3  A commit with an epoch that is not the partition's newest changes nothing (`fenced`).
 * S4  A batch is applied at most once: `outcome` says of any batch whether it was, for ever.
 * S5  A stream's events come back as written, in order, without a gap, or reading fails with
 *     `store-corrupt`; never wrong bytes, never a shorter past.
 * S6  `open` names every stream that is not settled and every message not yet delivered.
 * S7  Listing and search may trail `commit`, but never a `flush`.
 * S8  Of two that open a partition with a claim on the same epoch, one gets it; the other changes
 *     nothing.
 * S9  A sealed partition is opened by nobody but the move that sealed it.
 *
 * ## Settled and unsettled streams
 *
 * A commit writes one record, the *segment*, with all its events; no row per event, per run or per
 * timer. A stream with events in segments is *unsettled*: its owner has it in memory, or knows
 * that it waits for a worker, and after a crash reads it back and knows again what it waits for. When a stream goes cold or closes, the
 * engine *settles* it: the store gathers its events into a place of its own and keeps beside them
 * what must be known without reading them: its alarm and whether it has work. Segments that hold
 * no unsettled stream are dropped.
 */
import type { JsonObject, RunId, RunRow, RunStatus, StreamId } from "@perdure/kernel";

export type { RunStatus };

/** New events of one stream. */
export interface Append {
  readonly stream: StreamId;
  /** The seq of the first; the stream's last seq plus one. */
  readonly from: number;
  /** Encoded events, in order. */
  readonly events: readonly Uint8Array[];
}

/** A message that leaves the partition; `seq` is contiguous from 1 per (from, to) pair. */
export interface OutboxMessage {
  readonly to: number;
  readonly seq: number;
  readonly data: Uint8Array;
}

/** This batch has applied the messages of partition `from` up to `seq`. */
export interface Mark {
  readonly from: number;
  readonly seq: number;
}

/** What is known of a settled stream without reading it. */
export interface Settled {
  readonly stream: StreamId;
  /** When it wants to be woken, ms since epoch. */
  readonly alarm?: number;
  /** It wants attention after a restart though no alarm is due (an activation, an open task). */
  readonly hasWork: boolean;
  /** Replaces the events before its seq when the stream is read; absent: none. */
  readonly snapshot?: { readonly seq: number; readonly data: Uint8Array };
}

/** What lists and searches read of a run, as it was when the row was written. */
export type IndexRow = RunRow;

/** One partition's share of a commit. */
export interface Batch {
  readonly partition: number;
  readonly epoch: number;
  /** Contiguous from 1 within the partition, over all epochs. Names the batch for `outcome`. */
  readonly number: number;
  readonly appends: readonly Append[];
  readonly outbox: readonly OutboxMessage[];
  readonly marks: readonly Mark[];
  /** Large payloads by the SHA-256 of their bytes; writing one twice is harmless. */
  readonly blobs: readonly Blob[];
  /** Housekeeping that rides along: rows to upsert, streams to settle, streams to forget. */
  readonly index: readonly IndexRow[];
  readonly settle: readonly Settled[];
  readonly forget: readonly StreamId[];
}

export interface Blob {
  /** 32 bytes. */
  readonly hash: Uint8Array;
  readonly data: Uint8Array;
  /** The stream that keeps it alive. */
  readonly stream: StreamId;
}

/**
 * `done`: durable. `fenced`: nothing was applied, another owner has a newer epoch.
 * `failed`: nothing was applied (full disk, a refused write); `reason` says what to do.
 * `unknown`: ask `outcome` before anything else.
 */
export type CommitResult =
  | { readonly type: "done" }
  | { readonly type: "fenced"; readonly partition: number }
  | { readonly type: "failed"; readonly reason: string }
  | { readonly type: "unknown"; readonly reason: string };

export interface StreamData {
  readonly snapshot?: { readonly seq: number; readonly data: Uint8Array };
  /** Events after the snapshot, or all. */
  readonly events: readonly Uint8Array[];
  /** The seq of the last event. */
  readonly seq: number;
}

export interface Opened {
  /** Higher than any before it for this partition. */
  readonly epoch: number;
  /** The number of the last batch applied. */
  readonly lastBatch: number;
  /** Streams that are unsettled, or settled with work: their owner loads them at once. */
  readonly streams: readonly StreamId[];
  /** Messages of this partition not yet marked by their receivers, in order per receiver. */
  readonly outbox: readonly OutboxMessage[];
  /** What this partition has applied of others. */
  readonly marks: readonly Mark[];
  /** The highest outbox seq given out per receiver. */
  readonly sent: readonly { readonly to: number; readonly seq: number }[];
}

/** Takes a partition only if nobody has opened it since its epoch was `after`. */
export interface Claim {
  /** The id of the node that is to own it. */
  readonly node: string;
  readonly after: number;
  /** Opens the partition though this move has sealed it. */
  readonly move?: string;
}

/** Why nobody is to open a partition: what is in it is on its way, or elsewhere. */
export interface Seal {
  /**
   * `arriving`: not everything is here yet. `leaving`: it is on its way to another store. `copied`: it
   * is there, and is to go on here too. `moved`: it is there, and goes on there.
   */
  readonly state: "arriving" | "leaving" | "copied" | "moved";
  /** Names the move that sealed it. */
  readonly move: string;
  /** The store at the other end, as people are told of it: without secrets. */
  readonly other: string;
}

/** One engine process among those that share the store. */
export interface NodeRecord {
  /** Drawn anew at each start. */
  readonly id: string;
  /** Where other nodes reach it, in the words of their network. */
  readonly address: string;
  /** Of its software, shown to people. */
  readonly version: string;
  /** Ms since epoch, by its own clock: shown to people, compared with nothing. */
  readonly startedAt: number;
  /** Grows with each sign of life. */
  readonly beat: number;
  /** It gives its partitions away and takes none. */
  readonly isLeaving: boolean;
}

export interface PartitionRecord {
  readonly partition: number;
  /** 0: nobody has opened it yet. */
  readonly epoch: number;
  /** The node that opened it with a claim and has not released it, alive or not. */
  readonly owner?: string;
  readonly seal?: Seal;
}

/** Who is there and who has what, as one moment of a database. */
export interface ClusterView {
  /** Those that have given it a sign of life, by id. */
  readonly nodes: readonly NodeRecord[];
  /** All of its partitions, by number. */
  readonly partitions: readonly PartitionRecord[];
}

export interface Query {
  readonly namespace: string;
  readonly status?: readonly RunStatus[];
  readonly workflow?: string;
  readonly key?: string;
  readonly parent?: RunId;
  readonly version?: string;
  /** Equality on search attributes. */
  readonly attributes?: JsonObject;
  readonly startedAfter?: number;
  readonly startedBefore?: number;
  /** Newest first; at most `limits.pageRows`. */
  readonly limit: number;
  /** From the page before. */
  readonly cursor?: string;
}

export interface Page {
  readonly rows: readonly IndexRow[];
  readonly cursor?: string;
}

/** Open runs, paused ones included, by the version of their code. */
export interface OpenRuns {
  readonly workflow: string;
  readonly version?: string;
  readonly open: number;
}

export interface Alarm {
  readonly stream: StreamId;
  readonly at: number;
}

/** Messages of partition `from` up to `seq` have been applied by partition `to`, for good. */
export interface Delivery {
  readonly from: number;
  readonly to: number;
  readonly seq: number;
}

/** What a partition's database knows of its messages to and from a partition of another database. */
export interface Correspondence {
  /** The partition whose database is asked. */
  readonly peer: number;
  /** The highest seq that the peer has applied of the other; 0: none. */
  readonly mark: number;
  /** The highest seq of the peer that the other is known to have applied; 0: none. */
  readonly delivered: number;
}

/** Which of the databases of a cluster a store is. */
export interface Place {
  /** Drawn when the cluster was made: databases of two clusters are never mixed. */
  readonly cluster: string;
  /** From 0. */
  readonly index: number;
  readonly databases: number;
}

export interface StoreFacts {
  readonly kind: string;
  readonly version: number;
  readonly partitions: number;
  /** What `doctor` prints: file, size, segments, settings. */
  readonly detail: JsonObject;
}

export interface Store {
  readonly partitions: number;
  /** The partitions of one database are committed together, and fail together. */
  readonly databases: number;
  /** Partitions of one database had better not share a commit either: they may be far apart. */
  readonly commitsApart?: boolean;
  /** From 0; the same for ever. */
  databaseOf(partition: number): number;
  /**
   * Takes ownership and fences the owner before; rejects with `fenced` where the claim is late, with
   * `store-sealed` where the partition is sealed and the claim is not of the move that did it.
   */
  open(partition: number, claim?: Claim): Promise<Opened>;
  /** Nobody owns the partition from now on; of another epoch than the newest it changes nothing. */
  release(partition: number, epoch: number): Promise<void>;
  /** Seals the partition, or takes its seal off; rejects with `fenced` of another epoch than the newest. */
  seal(partition: number, epoch: number, seal?: Seal): Promise<void>;
  /**
   * A node's sign of life in one database; absent: the first. It forgets the nodes in `gone`, which
   * own nothing there from now on.
   */
  beat(node: NodeRecord, gone?: readonly string[], database?: number): Promise<ClusterView>;
  /**
   * All batches, of partitions of one database, in one transaction. Calls that share a partition are
   * applied in the order they were made; others may overtake.
   */
  commit(batches: readonly Batch[]): Promise<CommitResult>;
  /**
   * After `unknown`: was the batch applied? An answer `lost` holds for ever. `epoch` is the one the
   * batch was made in; absent: the newest. Another owner's batch of that number does not count.
   */
  outcome(partition: number, number: number, epoch?: number): Promise<"applied" | "lost">;
  /** Undefined: no such stream. `from`: events from this seq on, without a snapshot. */
  read(stream: StreamId, from?: number, limit?: number): Promise<StreamData | undefined>;
  /** Those that streams of the partition keep; what others keep may be found or not. */
  blobs(
    partition: number,
    hashes: readonly Uint8Array[],
  ): Promise<readonly (Uint8Array | undefined)[]>;
  /**
   * The names of streams that begin with `prefix`, settled or not, in the order of their UTF-8
   * bytes; those past `after` only. Streams of every commit that was answered; no forgotten ones.
   */
  streams(prefix: string, limit: number, after?: StreamId): Promise<readonly StreamId[]>;
  /** Settled streams whose alarm is before `before`, soonest first. */
  alarms(partition: number, before: number, limit: number): Promise<readonly Alarm[]>;
  search(query: Query): Promise<Page>;
  count(query: Omit<Query, "limit" | "cursor">): Promise<number>;
  /** By workflow and version, those without one first; the first `limits.pageRows`. */
  versions(namespace: string): Promise<readonly OpenRuns[]>;
  /**
   * Forgets settled runs whose row expired before `now`, a few at a time; says which. `partitions`:
   * only theirs, for the streams of another are its owner's to forget.
   */
  prune(now: number, limit: number, partitions?: readonly number[]): Promise<readonly StreamId[]>;
  /** Index rows of all commits so far are visible when it resolves. */
  flush(): Promise<void>;
  /**
   * Receivers that lie in another database have marked messages of senders in this one, which need
   * not be kept. It is true once and for all, so anybody may say it, and again.
   */
  delivered(deliveries: readonly Delivery[]): Promise<void>;
  /**
   * What one database knows of its partitions' messages to and from a partition of another, durable.
   * Peers without any are left out. Of the partition's own database nobody asks.
   */
  correspondence(partition: number, database: number): Promise<readonly Correspondence[]>;
  /** A database as people are told of it: without secrets. */
  databaseName(database: number): string;
  /**
   * The place that the store was given; undefined: it is no part of anything. `wanted` is given to a
   * store without one whose partitions nobody has opened; one with a past rejects it.
   */
  place(wanted?: Place): Promise<Place | undefined>;
  facts(): Promise<StoreFacts>;
  close(): Promise<void>;
}
