/**
 * What the writer knows of the log without reading the file: owners, messages between partitions,
 * and of each unsettled stream the records that are not gathered yet, its *tail*.
 *
 * 1. It is a function of the file: after any failure it is thrown away and built again from it.
 * 2. It is changed only by what is in the transaction under way, which either commits or is the
 *    failure of rule 1.
 * 3. A stream is unsettled exactly when it has a tail here, or a row that says so.
 */
import type { PerdureError, StreamId } from "@perdure/kernel";
import { extentOf, sealRecord, type Frame, type FramedRecord } from "@perdure/store";
import { Links, type LinkRow } from "./links.ts";
import { SegmentUses } from "./segment-uses.ts";

/** Frames that one segment may hold. */
export const SEGMENT_FRAMES: number = 2 ** 16;

/** A frame's place in the log. */
export function positionOf(segment: number, frame: number): number {
  return segment * SEGMENT_FRAMES + frame;
}

/** Where a stream, or a part of it, ends. */
export interface Head {
  readonly seq: number;
  readonly crc: number;
}

/** Of a stream that has no events yet. */
const START: Head = { seq: 0, crc: 0 };

/** All that there is of the stream is in its tail. */
export function holdsAll(tail: Tail | undefined): boolean {
  return tail?.start.seq === 0;
}

export interface Tail {
  readonly partition: number;
  /** What the first record follows. */
  readonly start: Head;
  end: Head;
  readonly records: Buffer[];
  /** Those that hold the records, each once. */
  readonly segments: number[];
  /** Set when a record was found damaged while the log was read. */
  damage?: PerdureError;
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
    return this.tails.get(stream)?.end ?? this.#gathered(stream);
  }

  /** A partition's streams that have a tail: looked for once when many partitions are opened. */
  unsettledOf(partition: number): readonly StreamId[] {
    this.#homes ??= Map.groupBy(this.tails.keys(), (stream) => {
      return this.tails.get(stream)?.partition ?? partition;
    });
    return this.#homes.get(partition) ?? [];
  }

  /** Takes a new frame, whose records it seals. */
  take(frame: Frame, segment: number): void {
    for (const { stream, record } of frame.records) {
      const { from, count } = extentOf(record, 0, stream);
      // That the record follows what is there was asked before: the first one follows nothing.
      const start = from === 1 ? START : (this.head(stream) ?? START);
      const end = { seq: from + count - 1, crc: sealRecord(record, stream, start.crc) };
      this.#extend(stream, frame.partition, { record, start, end }, segment);
    }
    this.#talk(frame, segment);
  }

  /**
   * Takes a frame that is read back from the file. `isVoid` says of a record that it was gathered
   * or forgotten later. Whether the records are what was written is found when they are read.
   */
  replay(frame: Frame, segment: number, isVoid: (stream: StreamId) => boolean): void {
    for (const framed of frame.records) {
      if (!isVoid(framed.stream)) this.#replayRecord(framed, frame.partition, segment);
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

  #replayRecord({ stream, record }: FramedRecord, partition: number, segment: number): void {
    const start = this.head(stream) ?? START;
    let end = start;
    let damage: PerdureError | undefined;
    try {
      const { from, count } = extentOf(record, 0, stream);
      end = { seq: from + count - 1, crc: record.readUInt32LE(0) };
    } catch (error) {
      damage = error as PerdureError;
    }
    const tail = this.#extend(stream, partition, { record, start, end }, segment);
    if (damage !== undefined) tail.damage = damage;
  }

  #extend(
    stream: StreamId,
    partition: number,
    part: { readonly record: Buffer; readonly start: Head; readonly end: Head },
    segment: number,
  ): Tail {
    let tail = this.tails.get(stream);
    if (tail === undefined) {
      tail = { partition, start: part.start, end: part.end, records: [], segments: [] };
      this.tails.set(stream, tail);
      this.#homes = undefined;
    }
    tail.records.push(part.record);
    tail.end = part.end;
    if (tail.segments.at(-1) !== segment) {
      tail.segments.push(segment);
      this.uses.retain(segment);
    }
    return tail;
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
