/**
 * What outlives a process: the whole content of a store, in memory. Several `MemoryStore` handles
 * may stand on one disk, as an old owner and a new one do on a file.
 *
 * This is the oracle that every other store is compared with, so it is written to be obviously
 * right. Each method is one step that either throws before it has changed anything or is whole.
 *
 * 1. A commit is checked in full before any of it is applied (S1).
 * 2. Bytes are copied in and copied out; nobody else holds what lies here.
 */
import { partitionOf, runOfStream, runStream, type RunId, type StreamId } from "@perdure/kernel";
import { claimedError } from "../claim.ts";
import { placeError } from "../place.ts";
import { sealedBy, sealedError } from "../seal.ts";
import { byBytes } from "../cursor.ts";
import type {
  Alarm,
  Append,
  Batch,
  Claim,
  ClusterView,
  CommitResult,
  Correspondence,
  Delivery,
  IndexRow,
  NodeRecord,
  Opened,
  OutboxMessage,
  PartitionRecord,
  Place,
  Seal,
  Settled,
  StreamData,
} from "../store.ts";

interface Partition {
  epoch: number;
  /** The last batch of each epoch that is over. */
  readonly ends: Map<number, number>;
  lastBatch: number;
  outbox: OutboxMessage[];
  /** Highest seq applied, by sender. */
  readonly marks: Map<number, number>;
  /** Highest seq given out, by receiver. */
  readonly sent: Map<number, number>;
  /** The node that has claimed it. */
  node: string | undefined;
  seal: Seal | undefined;
}

interface Stream {
  readonly partition: number;
  readonly events: Uint8Array[];
  settled: boolean;
  hasWork: boolean;
  alarm: number | undefined;
  snapshot: Settled["snapshot"];
}

export class Disk {
  readonly partitions: number;
  #owners: Partition[];
  #streams = new Map<StreamId, Stream>();
  #rows = new Map<RunId, IndexRow>();
  #blobs = new Map<string, { readonly data: Uint8Array; readonly streams: Set<StreamId> }>();
  readonly #nodes = new Map<string, NodeRecord>();
  #place: Place | undefined;

  constructor(partitions = 16) {
    this.partitions = partitions;
    this.#owners = Array.from({ length: partitions }, () => ({
      epoch: 0,
      ends: new Map(),
      lastBatch: 0,
      outbox: [],
      marks: new Map(),
      sent: new Map(),
      node: undefined,
      seal: undefined,
    }));
  }

  /** A disk of its own with all that is on this one now: what a backup is. */
  copy(): Disk {
    const disk = new Disk(this.partitions);
    disk.#owners = structuredClone(this.#owners);
    disk.#streams = structuredClone(this.#streams);
    disk.#rows = structuredClone(this.#rows);
    disk.#blobs = structuredClone(this.#blobs);
    disk.#place = this.#place;
    return disk;
  }

  open(partition: number, claim?: Claim): Opened {
    const owner = this.#owner(partition);
    if (claim !== undefined && claim.after !== owner.epoch) throw claimedError(partition);
    const seal = sealedBy(owner.seal, claim);
    if (seal !== undefined) throw sealedError(seal);
    owner.node = claim?.node;
    owner.ends.set(owner.epoch, owner.lastBatch);
    owner.epoch += 1;
    const streams = [...this.#streams]
      .filter(([, stream]) => stream.partition === partition)
      .filter(([, stream]) => !stream.settled || stream.hasWork);
    return {
      epoch: owner.epoch,
      lastBatch: owner.lastBatch,
      streams: streams.map(([id]) => id),
      outbox: this.#undelivered(partition).map((m) => ({ ...m, data: copy(m.data) })),
      marks: [...owner.marks].map(([from, seq]) => ({ from, seq })),
      sent: [...owner.sent].map(([to, seq]) => ({ to, seq })),
    };
  }

  release(partition: number, epoch: number): void {
    const owner = this.#owner(partition);
    if (owner.epoch === epoch) owner.node = undefined;
  }

  seal(partition: number, epoch: number, seal: Seal | undefined): void {
    const owner = this.#owner(partition);
    if (owner.epoch !== epoch) throw claimedError(partition);
    owner.seal = seal && { ...seal };
  }

  beat(node: NodeRecord, gone: readonly string[]): ClusterView {
    this.#nodes.set(node.id, { ...node });
    for (const id of gone) this.#nodes.delete(id);
    for (const owner of this.#owners) {
      if (owner.node !== undefined && gone.includes(owner.node)) owner.node = undefined;
    }
    const nodes = [...this.#nodes.values()].toSorted((a, b) => byBytes(a.id, b.id));
    const partitions = this.#owners.map(
      ({ epoch, node: owner, seal }, partition): PartitionRecord => ({
        partition,
        epoch,
        ...(owner === undefined ? {} : { owner }),
        ...(seal === undefined ? {} : { seal: { ...seal } }),
      }),
    );
    return { nodes, partitions };
  }

  commit(batches: readonly Batch[]): CommitResult {
    const stale = batches.find((batch) => batch.epoch !== this.#owner(batch.partition).epoch);
    if (stale !== undefined) return { type: "fenced", partition: stale.partition };
    const reason = this.#refusal(batches);
    if (reason !== undefined) return { type: "failed", reason };
    for (const batch of batches) this.#apply(batch);
    return { type: "done" };
  }

  applied(partition: number, number: number, epoch?: number): boolean {
    const { ends, lastBatch, epoch: newest } = this.#owner(partition);
    return number <= (ends.get(epoch ?? newest) ?? lastBatch);
  }

  read(id: StreamId, from: number | undefined, limit: number): StreamData | undefined {
    const stream = this.#streams.get(id);
    if (stream === undefined) return undefined;
    const { events, snapshot } = stream;
    const first = from ?? (snapshot?.seq ?? 0) + 1;
    const page = events.slice(first - 1, first - 1 + limit).map(copy);
    const data = { events: page, seq: events.length };
    if (from !== undefined || snapshot === undefined) return data;
    return { ...data, snapshot: { seq: snapshot.seq, data: copy(snapshot.data) } };
  }

  blob(hash: Uint8Array): Uint8Array | undefined {
    const blob = this.#blobs.get(hex(hash));
    return blob && copy(blob.data);
  }

  names(): StreamId[] {
    return [...this.#streams.keys()];
  }

  alarms(partition: number): Alarm[] {
    const alarms: Alarm[] = [];
    for (const [stream, { partition: home, settled, alarm }] of this.#streams) {
      if (home === partition && settled && alarm !== undefined) alarms.push({ stream, at: alarm });
    }
    return alarms.toSorted((a, b) => a.at - b.at || (a.stream < b.stream ? -1 : 1));
  }

  rows(): IndexRow[] {
    return [...this.#rows.values()].map((row) => structuredClone(row));
  }

  /** Forgets what `prune` names: settled runs whose row has expired, the longest expired first. */
  prune(now: number, limit: number, partitions?: readonly number[]): StreamId[] {
    const isAsked = (stream: StreamId): boolean =>
      partitions?.includes(partitionOf(stream, this.partitions)) ?? true;
    const expired = [...this.#rows.values()]
      .map(({ runId, expiresAt }) => ({ stream: runStream(runId), at: expiresAt ?? Infinity }))
      .filter(
        ({ stream, at }) =>
          at < now && isAsked(stream) && this.#streams.get(stream)?.settled !== false,
      )
      .toSorted((a, b) => a.at - b.at || (a.stream < b.stream ? -1 : 1))
      .slice(0, limit)
      .map(({ stream }) => stream);
    for (const stream of expired) this.#forget(stream);
    return expired;
  }

  delivered(deliveries: readonly Delivery[]): void {
    for (const { from, to, seq } of deliveries) {
      const { marks } = this.#owner(to);
      marks.set(from, Math.max(seq, marks.get(from) ?? 0));
      this.#owner(from).outbox = this.#undelivered(from);
    }
  }

  correspondence(partition: number): Correspondence[] {
    const { marks: delivered } = this.#owner(partition);
    return this.#owners
      .map(({ marks }, peer): Correspondence => {
        return { peer, mark: marks.get(partition) ?? 0, delivered: delivered.get(peer) ?? 0 };
      })
      .filter(({ mark, delivered: known }) => mark + known > 0);
  }

  place(wanted: Place | undefined): Place | undefined {
    if (this.#place !== undefined || wanted === undefined) return this.#place;
    if (this.#owners.some(({ epoch }) => epoch > 0)) throw placeError("This store");
    return (this.#place = { ...wanted });
  }

  facts(): { readonly streams: number; readonly rows: number; readonly blobs: number } {
    return { streams: this.#streams.size, rows: this.#rows.size, blobs: this.#blobs.size };
  }

  #owner(partition: number): Partition {
    const owner = this.#owners[partition];
    if (owner === undefined) throw new RangeError(`there is no partition ${partition}`);
    return owner;
  }

  #undelivered(partition: number): OutboxMessage[] {
    const { outbox } = this.#owner(partition);
    return outbox.filter(({ to, seq }) => seq > (this.#owner(to).marks.get(partition) ?? 0));
  }

  /** Why the batches cannot follow what lies here, and each other; undefined: they can. */
  #refusal(batches: readonly Batch[]): string | undefined {
    const numbers = new Map<number, number>();
    const lengths = new Map<StreamId, number>();
    const sent = new Map<string, number>();
    for (const batch of batches) {
      const { partition, number } = batch;
      const owner = this.#owner(partition);
      const next = (numbers.get(partition) ?? owner.lastBatch) + 1;
      if (number !== next) return outOfTurn(`batch ${number} of partition ${partition}`, next);
      numbers.set(partition, next);
      for (const { stream, from, events } of batch.appends) {
        const expected = (lengths.get(stream) ?? this.#length(stream)) + 1;
        if (from !== expected) return outOfTurn(`event ${from} of ${stream}`, expected);
        lengths.set(stream, from + events.length - 1);
      }
      for (const { to, seq } of batch.outbox) {
        const pair = `${partition}>${to}`;
        const expected = (sent.get(pair) ?? owner.sent.get(to) ?? 0) + 1;
        if (seq !== expected) return outOfTurn(`message ${seq} of ${pair}`, expected);
        sent.set(pair, seq);
      }
      for (const { stream, snapshot } of batch.settle) {
        const length = lengths.get(stream) ?? this.#length(stream);
        if (length === 0) return `${stream} has no events and cannot be settled.`;
        if ((snapshot?.seq ?? 0) > length) return `The snapshot of ${stream} is past its end.`;
      }
      for (const stream of batch.forget) lengths.set(stream, 0);
    }
    return undefined;
  }

  #length(stream: StreamId): number {
    return this.#streams.get(stream)?.events.length ?? 0;
  }

  #apply(batch: Batch): void {
    const owner = this.#owner(batch.partition);
    owner.lastBatch = batch.number;
    for (const append of batch.appends) this.#append(batch.partition, append);
    for (const message of batch.outbox) {
      owner.outbox.push({ ...message, data: copy(message.data) });
      owner.sent.set(message.to, message.seq);
    }
    for (const { from, seq } of batch.marks) {
      owner.marks.set(from, Math.max(seq, owner.marks.get(from) ?? 0));
      const sender = this.#owner(from);
      sender.outbox = this.#undelivered(from);
    }
    for (const { hash, data, stream } of batch.blobs) {
      const known = this.#blobs.get(hex(hash));
      if (known === undefined) {
        this.#blobs.set(hex(hash), { data: copy(data), streams: new Set([stream]) });
      } else {
        known.streams.add(stream);
      }
    }
    for (const row of batch.index) this.#rows.set(row.runId, structuredClone(row));
    for (const settled of batch.settle) this.#settle(settled);
    for (const stream of batch.forget) this.#forget(stream);
  }

  #append(partition: number, { stream: id, events }: Append): void {
    let stream = this.#streams.get(id);
    if (stream === undefined) {
      stream = {
        partition,
        events: [],
        settled: false,
        hasWork: false,
        alarm: undefined,
        snapshot: undefined,
      };
      this.#streams.set(id, stream);
    }
    stream.events.push(...events.map(copy));
    stream.settled = false;
  }

  #settle({ stream: id, alarm, hasWork, snapshot }: Settled): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.settled = true;
    stream.hasWork = hasWork;
    stream.alarm = alarm;
    stream.snapshot = snapshot && { seq: snapshot.seq, data: copy(snapshot.data) };
  }

  #forget(id: StreamId): void {
    this.#streams.delete(id);
    if (id.startsWith("run/")) this.#rows.delete(runOfStream(id));
    for (const [hash, { streams }] of this.#blobs) {
      if (streams.delete(id) && streams.size === 0) this.#blobs.delete(hash);
    }
  }
}

function outOfTurn(what: string, next: number): string {
  return `The store cannot take ${what}: ${next} is next. Open the partition again.`;
}

function copy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
