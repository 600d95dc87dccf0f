/**
 * A record: the events that one batch adds to one stream.
 *
 *     crc u32 | from u32 | count u32 | length u32 × count | events
 *
 * 1. `crc` covers all that follows it and goes on from the crc of the stream's record before (0:
 *    none), mixed with the stream's name. So a record that was altered, left out, put in another
 *    place or moved to another stream is found when the stream is read (S5).
 * 2. A stream's records, one after the other, are its past: gathering a stream is concatenating.
 *
 * Numbers are little-endian. The crc is CRC-32 (IEEE 802.3, as in zlib).
 */
import { crc32 } from "node:zlib";
import { PerdureError, type StreamId } from "@perdure/kernel";

const HEADER = 12;

export interface Extent {
  readonly from: number;
  readonly count: number;
  /** Of the whole record, in bytes. */
  readonly length: number;
}

export function recordLength(events: readonly Uint8Array[]): number {
  let length = HEADER + 4 * events.length;
  for (const event of events) length += event.length;
  return length;
}

/** Writes a record without its crc, and returns where it ends. */
export function writeRecord(
  target: Buffer,
  at: number,
  from: number,
  events: readonly Uint8Array[],
): number {
  target.writeUInt32LE(from, at + 4);
  target.writeUInt32LE(events.length, at + 8);
  let length = at + HEADER;
  let data = length + 4 * events.length;
  for (const event of events) {
    target.writeUInt32LE(event.length, length);
    target.set(event, data);
    length += 4;
    data += event.length;
  }
  return data;
}

/** Writes the crc of the record from `at` to `end` and returns it, for the stream's next one. */
export function sealRecord(
  bytes: Buffer,
  at: number,
  end: number,
  stream: StreamId,
  previous: number,
): number {
  const crc = crcOf(bytes, at, end, previous ^ crc32(stream));
  bytes.writeUInt32LE(crc, at);
  return crc;
}

/** Of the record at `at`, which ends at `end` at the latest. */
export function extentOf(
  bytes: Buffer,
  at: number,
  stream: StreamId,
  end: number = bytes.length,
): Extent {
  const left = end - at;
  const count = left < HEADER ? Infinity : bytes.readUInt32LE(at + 8);
  let length = HEADER + 4 * count;
  if (length > left) throw corruptStream(stream, "a record of it is cut short");
  for (let i = 0; i < count; i++) length += bytes.readUInt32LE(at + HEADER + 4 * i);
  if (length > left) throw corruptStream(stream, "a record of it is cut short");
  return { from: bytes.readUInt32LE(at + 4), count, length };
}

export interface Chain {
  /** The seq of the last event read. */
  seq: number;
  crc: number;
}

/**
 * Reads a run of a stream's records, from where `chain` stands, and moves it on. Events are views.
 */
export function readRecords(bytes: Buffer, stream: StreamId, chain: Chain): Uint8Array[] {
  const events: Uint8Array[] = [];
  const name = crc32(stream);
  for (let at = 0; at < bytes.length;) {
    const { from, count, length } = extentOf(bytes, at, stream);
    const crc = bytes.readUInt32LE(at);
    if (from !== chain.seq + 1) throw corruptStream(stream, `event ${chain.seq + 1} is missing`);
    if (crc !== crcOf(bytes, at, at + length, chain.crc ^ name)) {
      throw corruptStream(stream, `events ${from} to ${from + count - 1} are not what was written`);
    }
    let data = at + HEADER + 4 * count;
    for (let i = 0; i < count; i++) {
      const size = bytes.readUInt32LE(at + HEADER + 4 * i);
      events.push(view(bytes, data, data + size));
      data += size;
    }
    chain.seq += count;
    chain.crc = crc;
    at += length;
  }
  return events;
}

function crcOf(bytes: Buffer, at: number, end: number, seed: number): number {
  return crc32(view(bytes, at + 4, end), seed >>> 0);
}

/** Several times cheaper than the `Buffer` that `subarray` makes. */
function view({ buffer, byteOffset }: Buffer, from: number, to: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset + from, to - from);
}

export function corruptStream(stream: StreamId, why: string): PerdureError {
  return new PerdureError(
    "store-corrupt",
    `The stream ${stream} cannot be read: ${why}. Other streams are not touched by it. Restore ` +
      `the store from a backup, or forget this stream.`,
    { detail: { stream } },
  );
}
