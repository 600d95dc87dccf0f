/**
 * One transaction while it is put together: calls are taken one by one, each in full or not at all.
 *
 * 1. A call is asked in full whether it can follow what is known by heart, before any of it is
 *    taken; taking it changes what is known by heart.
 * 2. Of each partition there is one segment, with the frames of all calls.
 */
import { invariant } from "@perdure/kernel";
import {
  decodeFrames,
  encodeFrames,
  type Batch,
  type CommitResult,
  type Frame,
} from "@perdure/store";
import { refusal } from "@perdure/store/log";
import type { Call } from "../database.ts";
import { postgresLimits as limits } from "../limits.ts";
import type { PartitionMemory } from "../partition-memory.ts";
import { appendSegments, type NewStream } from "../tables/log.ts";
import { Changes } from "./changes.ts";

/** What a transaction adds to the log of one partition. */
interface Share {
  readonly memory: PartitionMemory;
  readonly before: number;
  readonly segment: number;
  readonly parts: Buffer[];
}

/** One partition's part of a call. */
interface Part {
  readonly memory: PartitionMemory;
  readonly batches: readonly Batch[];
  readonly bytes: Buffer;
  readonly frames: readonly Frame[];
}

export class Writing {
  readonly #shares = new Map<number, Share>();
  readonly #begun: NewStream[] = [];
  readonly changes: Changes = new Changes();
  #batches = 0;

  get isEmpty(): boolean {
    return this.#batches === 0;
  }

  /** What the call is answered at once; undefined: it is in. */
  take(batches: readonly Batch[], memories: ReadonlyMap<number, PartitionMemory>): Verdict {
    const parts: Part[] = [];
    for (const [partition, own] of Map.groupBy(batches, (batch) => batch.partition)) {
      const memory = memories.get(partition);
      const isStale = own.some(({ epoch }) => epoch !== memory?.epoch);
      if (memory === undefined || isStale) return { type: "fenced", partition };
      const bytes = encodeFrames(own);
      parts.push({ memory, batches: own, bytes, frames: decodeFrames(bytes) });
    }
    for (const { memory, frames, bytes, batches: own } of parts) {
      const reason = refusal(memory.log, frames, bytes, own);
      if (reason !== undefined) return { type: "failed", reason };
    }
    for (const part of parts) this.#add(part);
    this.#batches += batches.length;
    return undefined;
  }

  /** A partition that is only looked after: its fence is asked, and its last batch stays. */
  share(memory: PartitionMemory): Share {
    const { partition, owner } = memory;
    let share = this.#shares.get(partition);
    if (share === undefined) {
      share = { memory, before: owner.lastBatch, segment: owner.lastBatch + 1, parts: [] };
      this.#shares.set(partition, share);
    }
    return share;
  }

  /** All that is to be sent. Nothing can be taken any more. */
  calls(): Call[] {
    const shares = [...this.#shares.values()];
    // Steps wait for a commit without housekeeping.
    let drops = this.changes.isEmpty ? 1 : limits.dropsACommit;
    for (const { memory, segment, parts } of shares) {
      const { uses } = memory.log;
      if (parts.length > 0) uses.release(segment);
      if (uses.free < limits.freeSegments || drops-- <= 0) continue;
      this.changes.dropSegments(memory);
    }
    const fences = shares.map(({ memory, before }) => {
      const { partition, epoch, incarnation, owner } = memory;
      return { partition, epoch, incarnation, before, after: owner.lastBatch };
    });
    const segments = shares.flatMap(({ memory: { partition }, segment, parts }) => {
      const [only] = parts;
      if (only === undefined) return [];
      const data = parts.length === 1 ? only : Buffer.concat(parts);
      return [{ partition, number: segment, data }];
    });
    return [appendSegments(fences, segments, this.#begun), ...this.changes.calls()];
  }

  #add({ memory, batches, bytes, frames }: Part): void {
    const share = this.share(memory);
    const { log } = memory;
    // Marks are in a table, so only records and messages are worth a segment.
    const isKept = frames.some(({ records, outbox }) => records.length + outbox.length > 0);
    if (isKept) {
      if (share.parts.length === 0) log.uses.add(share.segment);
      log.uses.grow(share.segment, bytes.length);
      share.parts.push(bytes);
    }
    for (const [index, frame] of frames.entries()) {
      const batch = batches[index];
      invariant(batch !== undefined, "a batch has a frame");
      this.#note(memory, batch);
      log.take(frame, bytes, share.segment);
      this.#keepHouse(memory, batch);
    }
  }

  /** Streams that begin, which the database is asked about. */
  #note({ partition, log }: PartitionMemory, { appends, marks }: Batch): void {
    for (const { stream, from } of appends) {
      if (from !== 1 || log.tails.has(stream) || this.changes.hasWiped(stream)) continue;
      this.#begun.push({ partition, stream });
    }
    for (const { from, seq } of marks) this.changes.putLink(partition, from, { mark: seq });
  }

  #keepHouse(memory: PartitionMemory, batch: Batch): void {
    const { partition, log } = memory;
    const { changes } = this;
    for (const blob of batch.blobs) changes.putBlob(partition, blob);
    for (const rest of batch.settle) {
      changes.gather(memory, rest.stream, log.release(rest.stream), batch.number, rest);
    }
    for (const row of batch.index) changes.putRun(partition, row);
    for (const stream of batch.forget) {
      changes.forget(memory, stream, log.release(stream), batch.number);
    }
  }
}

type Verdict = Exclude<CommitResult, { readonly type: "done" | "unknown" }> | undefined;
