/**
 * What a transaction changes beside the log. Batches are taken one after the other; each table is
 * then written once, with what came of them.
 *
 * 1. What a stream was before the transaction is wiped by its name before anything is written, so
 *    that one which is forgotten and begun anew has nothing of its past.
 * 2. Ids of streams are never used twice, so what was gathered under one that is forgotten in the
 *    same transaction is simply not written.
 */
import { crc32 } from "node:zlib";
import { machineOf, runOfStream, type RunId, type StreamId } from "@perdure/kernel";
import { concat, type Blob, type IndexRow, type Settled } from "@perdure/store";
import { bytesOf, holdsAll, type Tail } from "@perdure/store/log";
import type { Call } from "../database.ts";
import type { PartitionMemory } from "../partition-memory.ts";
import { addBlobs, forgetBlobs } from "../tables/blobs.ts";
import { dropSegments, putLinks, type LinkEntry } from "../tables/log.ts";
import { dropRuns, putRuns } from "../tables/runs.ts";
import {
  addChunks,
  dropForgottenBefore,
  dropSnapshots,
  forgetStreams,
  putSnapshots,
  putStreams,
  type ChunkRow,
  type Forgotten,
  type SnapshotRow,
  type StreamEntry,
} from "../tables/streams.ts";

/** What a gathered stream is to be woken for; unsettled: it was only moved out of the log. */
export type Rest = Pick<Settled, "alarm" | "hasWork" | "snapshot"> | "unsettled";

interface StreamChange {
  readonly partition: number;
  readonly stream: StreamId;
  wiped: Forgotten | undefined;
  entry: StreamEntry | undefined;
  chunks: ChunkRow[];
  snapshot: SnapshotRow | undefined;
  /** Of the stream whose snapshot goes. */
  noSnapshot: number | undefined;
  readonly blobs: Map<string, Blob>;
}

export class Changes {
  readonly #streams = new Map<StreamId, StreamChange>();
  readonly #runs = new Map<RunId, { readonly partition: number; readonly row?: IndexRow }>();
  readonly #links = new Map<string, LinkEntry>();
  readonly #dropped: { readonly partition: number; readonly number: number }[] = [];
  readonly #oldest: { readonly partition: number; readonly oldest: number }[] = [];

  get isEmpty(): boolean {
    return this.#streams.size + this.#runs.size + this.#links.size === 0;
  }

  /** Moves a tail, which ends at or before batch `position`, out of the log. */
  gather(
    memory: PartitionMemory,
    stream: StreamId,
    tail: Tail | undefined,
    position: number,
    rest: Rest,
  ): void {
    const { partition, rows } = memory;
    const change = this.#of(partition, stream);
    const known = holdsAll(tail) ? undefined : rows.gathered(stream);
    const id = known?.id ?? ++memory.lastId;
    const { seq, crc } = tail?.end ?? known ?? { seq: 0, crc: 0 };
    if (tail !== undefined) change.chunks.push(chunkOf(partition, id, tail));
    const isSettled = rest !== "unsettled";
    const row = { id, seq, crc, position, settled: isSettled };
    rows.set(stream, row);
    change.entry = {
      ...row,
      partition,
      stream,
      hasWork: isSettled && rest.hasWork,
      alarm: isSettled ? rest.alarm : undefined,
    };
    if (!isSettled) return;
    const { snapshot } = rest;
    change.noSnapshot = snapshot === undefined && known !== undefined ? id : undefined;
    change.snapshot = snapshot && {
      partition,
      stream: id,
      seq: snapshot.seq,
      crc: crc32(snapshot.data),
      data: snapshot.data,
    };
  }

  /** With all that is the stream's. `tail`: what the log had of it. */
  forget(
    memory: PartitionMemory,
    stream: StreamId,
    tail: Tail | undefined,
    position: number,
  ): void {
    const { partition, rows } = memory;
    const change = this.#of(partition, stream);
    const wasWritten = tail !== undefined || change.entry !== undefined;
    rows.delete(stream);
    memory.hasForgotten = true;
    change.wiped = { partition, stream, position };
    change.chunks = [];
    change.snapshot = undefined;
    change.noSnapshot = undefined;
    change.blobs.clear();
    change.entry = wasWritten ? tombstone(partition, stream, position) : undefined;
    if (machineOf(stream) === "run") this.#runs.set(runOfStream(stream), { partition });
  }

  /** Is what the stream was before the transaction gone by now? */
  hasWiped(stream: StreamId): boolean {
    return this.#streams.get(stream)?.wiped !== undefined;
  }

  putRun(partition: number, row: IndexRow): void {
    this.#runs.set(row.runId, { partition, row });
  }

  putBlob(partition: number, blob: Blob): void {
    this.#of(partition, blob.stream).blobs.set(Buffer.from(blob.hash).toString("hex"), blob);
  }

  putLink(partition: number, peer: number, how: Partial<LinkEntry>): void {
    const key = `${partition} ${peer}`;
    const { sent = 0, mark = 0, delivered = 0 } = this.#links.get(key) ?? {};
    this.#links.set(key, {
      partition,
      peer,
      sent: Math.max(sent, how.sent ?? 0),
      mark: Math.max(mark, how.mark ?? 0),
      delivered: Math.max(delivered, how.delivered ?? 0),
    });
  }

  /** Deletes segments that nobody needs, when what they said of messages is written down. */
  dropSegments(memory: PartitionMemory): void {
    const { partition, log } = memory;
    const free = log.uses.takeFree();
    if (free.length === 0) return;
    for (const { sender, receiver, sent } of log.links.takeUnsaved()) {
      if (sender === partition && sent > 0) this.putLink(partition, receiver, { sent });
    }
    for (const number of free) this.#dropped.push({ partition, number });
    if (!memory.hasForgotten) return;
    const { oldest } = log.uses;
    this.#oldest.push({ partition, oldest: oldest ?? memory.owner.lastBatch + 1 });
    // Those of this very transaction may be left.
    memory.hasForgotten = oldest !== undefined || this.#streams.size > 0;
  }

  /** In the order in which they are to be carried out. */
  calls(): Call[] {
    const streams = [...this.#streams.values()];
    const wiped = streams.flatMap(({ wiped: forgotten }) => forgotten ?? []);
    const entries = streams.flatMap(({ entry }) => entry ?? []);
    const chunks = streams.flatMap(({ chunks: list }) => list);
    const snapshots = streams.flatMap(({ snapshot }) => snapshot ?? []);
    const bare = streams.flatMap(({ partition, noSnapshot }) =>
      noSnapshot === undefined ? [] : { partition, stream: noSnapshot },
    );
    return [
      ...(wiped.length === 0 ? [] : [...forgetBlobs(wiped), ...forgetStreams(wiped)]),
      ...(entries.length === 0 ? [] : [putStreams(entries)]),
      ...(chunks.length === 0 ? [] : [addChunks(chunks)]),
      ...(snapshots.length === 0 ? [] : [putSnapshots(snapshots)]),
      ...(bare.length === 0 ? [] : [dropSnapshots(bare)]),
      ...this.#runCalls(),
      ...blobCalls(streams),
      ...(this.#links.size === 0 ? [] : [putLinks([...this.#links.values()])]),
      ...(this.#dropped.length === 0 ? [] : [dropSegments(this.#dropped)]),
      ...(this.#oldest.length === 0 ? [] : [dropForgottenBefore(this.#oldest)]),
    ];
  }

  #runCalls(): Call[] {
    const runs = [...this.#runs];
    const gone = runs.flatMap(([runId, { partition, row }]) =>
      row === undefined ? { partition, runId } : [],
    );
    const there = runs.flatMap(([, { partition, row }]) =>
      row === undefined ? [] : { partition, row },
    );
    return [
      ...(gone.length === 0 ? [] : [dropRuns(gone)]),
      ...(there.length === 0 ? [] : [putRuns(there)]),
    ];
  }

  #of(partition: number, stream: StreamId): StreamChange {
    let change = this.#streams.get(stream);
    if (change === undefined) {
      change = {
        partition,
        stream,
        wiped: undefined,
        entry: undefined,
        chunks: [],
        snapshot: undefined,
        noSnapshot: undefined,
        blobs: new Map(),
      };
      this.#streams.set(stream, change);
    }
    return change;
  }
}

function blobCalls(streams: readonly StreamChange[]): Call[] {
  const references = streams.flatMap(({ partition, stream, blobs }) =>
    [...blobs].map(([hex, { hash, data }]) => ({ partition, stream, hash, data, hex })),
  );
  if (references.length === 0) return [];
  const once = new Map(references.map((blob) => [`${blob.partition} ${blob.hex}`, blob]));
  return addBlobs([...once.values()], references);
}

function chunkOf(partition: number, stream: number, { start, end, records }: Tail): ChunkRow {
  const [first] = records;
  const data = records.length === 1 && first ? bytesOf(first) : concat(records.map(bytesOf));
  return {
    partition,
    stream,
    firstSeq: start.seq + 1,
    lastSeq: end.seq,
    previousCrc: start.crc,
    data,
  };
}

function tombstone(partition: number, stream: StreamId, position: number): StreamEntry {
  const nothing = { id: 0, seq: 0, crc: 0, settled: true, hasWork: false, alarm: undefined };
  return { partition, stream, position, ...nothing };
}
