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
import { encodeBegun, isNamed, type Begun } from "../begun.ts";
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
  readonly begun: Begun[];
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
      const reason = nameTooLong(frames) ?? refusal(memory.log, frames, bytes, own);
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
      const before = owner.lastBatch;
      share = { memory, before, segment: before + 1, parts: [], begun: [] };
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
    const segments = shares.flatMap(({ memory: { partition }, segment, parts, begun }) => {
      const [only] = parts;
      if (only === undefined) return [];
      const data = parts.length === 1 ? only : Buffer.concat(parts);
      return [{ partition, number: segment, data, begun: encodeBegun(begun) }];
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
      this.#note(share, batch);
      log.take(frame, bytes, share.segment);
      this.#keepHouse(memory, batch);
    }
  }

  /** Streams that begin, which the database is asked about. */
  #note({ memory, begun }: Share, { number, appends, marks }: Batch): void {
    const { partition, log } = memory;
    for (const { stream, from } of appends) {
      if (from !== 1) continue;
      if (isNamed(stream)) begun.push({ stream, batch: number });
      if (log.tails.has(stream) || this.changes.hasWiped(stream)) continue;
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

/** An entry of an index has its bounds: what cannot be kept must not be begun. */
function nameTooLong(frames: readonly Frame[]): string | undefined {
  for (const { records } of frames) {
    for (const { stream } of records) {
      // No character has more bytes.
      if (stream.length * 3 <= limits.nameBytes) continue;
      if (Buffer.byteLength(stream) <= limits.nameBytes) continue;
      return (
        `The name of a stream has more than ${limits.nameBytes} bytes, which PostgreSQL cannot ` +
        `find again: give the key (${stream.slice(0, 40)}…) or the namespace a shorter name.`
      );
    }
  }
  return undefined;
}

type Verdict = Exclude<CommitResult, { readonly type: "done" | "unknown" }> | undefined;
