/**
 * A frame: what one batch adds to the log. A segment is one frame after the other.
 *
 *     length u32 | crc u32 | skeleton length u32 | skeleton | records
 *
 *     skeleton: partition u16 | epoch f64 | number f64
 *             | count u32, then per record: name length u16 | name | record length u32
 *             | count u32, then per message: to u16 | seq f64 | length u32 | data
 *             | count u32, then per mark: from u16 | seq f64
 *
 * The frame's crc covers the skeleton; each record has one of its own (see `record.ts`), which the
 * writer fills in, since only it knows each stream's last.
 */
import { crc32 } from "node:zlib";
import { PerdureError, type StreamId } from "@perdure/kernel";
import type { Batch, Mark, OutboxMessage } from "../store.ts";
import { recordLength, writeRecord } from "./record.ts";

const HEAD = 12;
/** Partition, epoch, number and the three counts. */
const FIXED = 2 + 8 + 8 + 12;

/** A record and where it lies in the segment. */
export interface FramedRecord {
  readonly stream: StreamId;
  readonly at: number;
  readonly end: number;
}

export interface Frame {
  readonly partition: number;
  readonly epoch: number;
  readonly number: number;
  readonly records: readonly FramedRecord[];
  readonly outbox: readonly OutboxMessage[];
  readonly marks: readonly Mark[];
}

/** One segment of its own memory, ready to be handed to another thread. */
export function encodeFrames(batches: readonly Batch[]): Buffer {
  const skeletons = batches.map(skeletonLength);
  const bodies = batches.map(bodyLength);
  const total = sum(skeletons) + sum(bodies) + HEAD * batches.length;
  const target = Buffer.from(new ArrayBuffer(total));
  let at = 0;
  for (const [i, batch] of batches.entries()) {
    const skeleton = skeletons[i] ?? 0;
    const length = HEAD + skeleton + (bodies[i] ?? 0);
    target.writeUInt32LE(length, at);
    target.writeUInt32LE(skeleton, at + 8);
    writeSkeleton(target, at + HEAD, batch);
    target.writeUInt32LE(crc32(target.subarray(at + 8, at + HEAD + skeleton)), at + 4);
    let body = at + HEAD + skeleton;
    for (const { from, events } of batch.appends) body = writeRecord(target, body, from, events);
    at += length;
  }
  return target;
}

/** Their bytes stay in the segment; throws `store-corrupt` when a frame is not what was written. */
export function decodeFrames(segment: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < segment.length;) {
    const left = segment.length - at;
    const length = left < HEAD ? Infinity : segment.readUInt32LE(at);
    const skeleton = left < HEAD ? 0 : segment.readUInt32LE(at + 8);
    if (length > left || HEAD + skeleton > length) throw damaged("a frame is cut short");
    const covered = segment.subarray(at + 8, at + HEAD + skeleton);
    if (crc32(covered) !== segment.readUInt32LE(at + 4)) throw damaged("a frame was altered");
    frames.push(readFrame(segment, at + HEAD, at + HEAD + skeleton, at + length));
    at += length;
  }
  return frames;
}

function skeletonLength({ appends, outbox, marks }: Batch): number {
  let length = FIXED + 10 * marks.length;
  for (const { stream } of appends) length += 6 + Buffer.byteLength(stream);
  for (const { data } of outbox) length += 14 + data.length;
  return length;
}

function bodyLength({ appends }: Batch): number {
  return sum(appends.map(({ events }) => recordLength(events)));
}

function writeSkeleton(target: Buffer, start: number, batch: Batch): void {
  let at = target.writeUInt16LE(batch.partition, start);
  at = target.writeDoubleLE(batch.epoch, at);
  at = target.writeDoubleLE(batch.number, at);
  at = target.writeUInt32LE(batch.appends.length, at);
  for (const { stream, events } of batch.appends) {
    const bytes = target.write(stream, at + 2);
    target.writeUInt16LE(bytes, at);
    at = target.writeUInt32LE(recordLength(events), at + 2 + bytes);
  }
  at = target.writeUInt32LE(batch.outbox.length, at);
  for (const { to, seq, data } of batch.outbox) {
    at = target.writeUInt16LE(to, at);
    at = target.writeDoubleLE(seq, at);
    at = target.writeUInt32LE(data.length, at);
    target.set(data, at);
    at += data.length;
  }
  at = target.writeUInt32LE(batch.marks.length, at);
  for (const { from, seq } of batch.marks) {
    at = target.writeUInt16LE(from, at);
    at = target.writeDoubleLE(seq, at);
  }
}

/** The skeleton's crc was right, so its numbers are. */
function readFrame(segment: Buffer, skeleton: number, bodies: number, end: number): Frame {
  let at = skeleton;
  const u16 = (): number => segment.readUInt16LE((at += 2) - 2);
  const u32 = (): number => segment.readUInt32LE((at += 4) - 4);
  const f64 = (): number => segment.readDoubleLE((at += 8) - 8);
  const partition = u16();
  const epoch = f64();
  const number = f64();
  let body = bodies;
  const records = times(u32(), () => {
    const bytes = u16();
    const stream = segment.toString("utf8", at, (at += bytes)) as StreamId;
    const length = u32();
    return { stream, at: body, end: (body += length) };
  });
  if (body !== end) throw damaged("a frame is cut short");
  const outbox = times(u32(), () => {
    const to = u16();
    const seq = f64();
    const length = u32();
    return { to, seq, data: segment.subarray(at, (at += length)) };
  });
  const marks = times(u32(), () => ({ from: u16(), seq: f64() }));
  return { partition, epoch, number, records, outbox, marks };
}

function times<T>(count: number, make: () => T): T[] {
  const list: T[] = [];
  for (let i = 0; i < count; i++) list.push(make());
  return list;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function damaged(why: string): PerdureError {
  return new PerdureError(
    "store-corrupt",
    `The store's log is damaged: ${why}. Restore the store from a backup.`,
  );
}
