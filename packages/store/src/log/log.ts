/**
 * What a writer knows of its log without reading it: owners, messages between partitions, and of
 * each unsettled stream the records that are not gathered yet, its *tail*. Segments have numbers
 * that grow; what they are stored as is the store's affair.
 *
 * 1. It is a function of what is stored: after any failure it is thrown away and built again.
 * 2. It is changed only by what is in the transaction under way, which either commits or is the
 *    failure of rule 1.
 * 3. A stream is unsettled exactly when it has a tail here, or a row that says so.
 */
import type { PerdureError, StreamId } from "@perdure/kernel";
import type { Frame, FramedRecord } from "../segment/frame.ts";
import { extentOf, sealRecord } from "../segment/record.ts";
import { Links, type LinkRow } from "./links.ts";
import { SegmentUses } from "./segment-uses.ts";

/** Where a stream, or a part of it, ends. */
export interface Head {
  readonly seq: number;
  readonly crc: number;
}

/** Of a stream that has no events yet. */
const START: Head = { seq: 0, crc: 0 };

/** All that there is of the stream is in its tail. */
export function holdsAll(tail: Pick<Tail, "start"> | undefined): boolean {
  return tail?.start.seq === 0;
}

/** A record that lies in a segment. There are as many as the log has, so it is no view. */
export interface Placed {
  readonly segment: Buffer;
  readonly at: number;
  readonly end: number;
}

export function bytesOf({ segment, at, end }: Placed): Uint8Array {
  return new Uint8Array(segment.buffer, segment.byteOffset + at, end - at);
}

export interface Tail {
  readonly partition: number;
  /** What the first record follows. */
  readonly start: Head;
  end: Head;
  readonly records: Placed[];
  /** Those that hold the records, each once. */
  readonly segments: number[];
  /** Set when a record was found damaged while the log was read. */
  damage?: PerdureError;
}

/** A tail and its first record. */
interface Beginning extends Pick<Tail, "partition" | "start" | "end"> {
  readonly record: Placed;
}

export interface Owner {
  epoch: number;
  lastBatch: number;
  /** The last batch that the owner's row names. */
  savedBatch: number;
}

export class Log {
  readonly uses: SegmentUses = new SegmentUses();
  readonly links: Links;
  readonly tails: Map<StreamId, Tail> = new Map();
  readonly owners: readonly Owner[];
  readonly #gathered: (stream: StreamId) => Head | undefined;
  /** The tails' streams by partition, until there is another or one less. */
  #homes: ReadonlyMap<number, readonly StreamId[]> | undefined;

  /** `gathered` says where the part of a stream ends that is no longer in the log. */
  constructor(
    owners: readonly Owner[],
    links: readonly LinkRow[],
    gathered: (stream: StreamId) => Head | undefined,
  ) {
    this.owners = owners;
    this.links = new Links(this.uses, links);
    this.#gathered = gathered;
  }

  /** The partition whose newer owner forbids the commit. */
  fencedBy(frames: readonly Frame[]): number | undefined {
    return frames.find(({ partition, epoch }) => this.owners[partition]?.epoch !== epoch)
      ?.partition;
  }

  head(stream: StreamId): Head | undefined {
    return this.headAfter(this.tails.get(stream), stream);
  }

  /** The same for who has looked the tail up. */
  headAfter(tail: Tail | undefined, stream: StreamId): Head | undefined {
    return tail?.end ?? this.#gathered(stream);
  }

  /** A partition's streams that have a tail: looked for once when many partitions are opened. */
  unsettledOf(partition: number): readonly StreamId[] {
    this.#homes ??= Map.groupBy(this.tails.keys(), (stream) => {
      return this.tails.get(stream)?.partition ?? partition;
    });
    return this.#homes.get(partition) ?? [];
  }

  /** Takes a new frame of a segment's bytes, and seals its records. */
  take(frame: Frame, bytes: Buffer, segment: number): void {
    for (const { stream, at, end } of frame.records) {
      const { from, count } = extentOf(bytes, at, stream, end);
      const tail = this.tails.get(stream);
      // That the record follows what is there was asked before: the first one follows nothing.
      const start = from === 1 ? START : (this.headAfter(tail, stream) ?? START);
      const crc = sealRecord(bytes, at, end, stream, start.crc);
      const head = { seq: from + count - 1, crc };
      const record = { segment: bytes, at, end };
      if (tail === undefined) {
        this.#begin(stream, { partition: frame.partition, start, end: head, record }, segment);
      } else this.#extend(tail, record, head, segment);
    }
    this.#talk(frame, segment);
  }

  /**
   * Takes a frame that is read back. `isVoid` says of a record that it was gathered
   * or forgotten later. Whether the records are what was written is found when they are read.
   */
  replay(
    frame: Frame,
    bytes: Buffer,
    segment: number,
    isVoid: (stream: StreamId) => boolean,
  ): void {
    for (const framed of frame.records) {
      if (!isVoid(framed.stream)) this.#replayRecord(framed, frame.partition, bytes, segment);
    }
    this.#talk(frame, segment);
  }

  /** The stream is gathered or forgotten: its tail is no longer the log's. */
  release(stream: StreamId): Tail | undefined {
    const tail = this.tails.get(stream);
    if (tail === undefined) return undefined;
    this.tails.delete(stream);
    this.#homes = undefined;
    for (const segment of tail.segments) this.uses.release(segment);
    return tail;
  }

  #replayRecord(
    { stream, at, end }: FramedRecord,
    partition: number,
    bytes: Buffer,
    segment: number,
  ): void {
    const start = this.head(stream) ?? START;
    let head = start;
    let damage: PerdureError | undefined;
    try {
      const { from, count } = extentOf(bytes, at, stream, end);
      head = { seq: from + count - 1, crc: bytes.readUInt32LE(at) };
    } catch (error) {
      damage = error as PerdureError;
    }
    const record = { segment: bytes, at, end };
    let tail = this.tails.get(stream);
    if (tail === undefined) {
      tail = this.#begin(stream, { partition, start, end: head, record }, segment);
    } else this.#extend(tail, record, head, segment);
    if (damage !== undefined) tail.damage = damage;
  }

  #begin(stream: StreamId, { partition, start, end, record }: Beginning, segment: number): Tail {
    // Most tails stay at one record: a list that is made with it has no room to spare.
    const tail = { partition, start, end, records: [record], segments: [segment] };
    this.tails.set(stream, tail);
    this.#homes = undefined;
    this.uses.retain(segment);
    return tail;
  }

  #extend(tail: Tail, record: Placed, end: Head, segment: number): void {
    tail.records.push(record);
    tail.end = end;
    if (tail.segments.at(-1) === segment) return;
    tail.segments.push(segment);
    this.uses.retain(segment);
  }

  #talk({ partition, number, epoch, outbox, marks }: Frame, segment: number): void {
    const owner = this.owners[partition];
    if (owner !== undefined) {
      owner.lastBatch = Math.max(owner.lastBatch, number);
      owner.epoch = Math.max(owner.epoch, epoch);
    }
    for (const message of outbox) this.links.send(partition, message, segment);
    for (const mark of marks) this.links.confirm(partition, mark);
  }
}
