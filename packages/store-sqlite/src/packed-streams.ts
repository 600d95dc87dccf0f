/**
 * Streams that were read together, in one piece of memory that changes threads as a whole: an
 * object and a buffer for each would cost more than to read them.
 *
 *     count f64 | 7 × f64 per stream | per stream: records, snapshot
 *
 * A stream's numbers, in this order: start seq (-1: there is no such stream), start crc, end seq,
 * end crc, length of its records, seq of its snapshot (-1: it has none), length of its snapshot.
 * Both threads are of one process, so the numbers are in its own byte order.
 */
import type { FoundStream } from "./read-stream.ts";
import type { RawStream } from "@perdure/store/log";

const NUMBERS = 7;
const ABSENT = -1;

export function packStreams(found: readonly (FoundStream | undefined)[]): ArrayBuffer {
  const packed = new ArrayBuffer(found.reduce((bytes, one) => bytes + lengthOf(one), 8));
  const numbers = new Float64Array(packed, 0, 1 + NUMBERS * found.length);
  const bytes = new Uint8Array(packed);
  numbers[0] = found.length;
  let at = numbers.byteLength;
  for (const [i, one] of found.entries()) {
    const row = 1 + NUMBERS * i;
    if (one === undefined) {
      numbers[row] = ABSENT;
      continue;
    }
    const { start, end, parts, snapshot } = one;
    const begin = at;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    numbers[row] = start.seq;
    numbers[row + 1] = start.crc;
    numbers[row + 2] = end.seq;
    numbers[row + 3] = end.crc;
    numbers[row + 4] = at - begin;
    numbers[row + 5] = snapshot?.seq ?? ABSENT;
    numbers[row + 6] = snapshot?.data.length ?? 0;
    if (snapshot === undefined) continue;
    bytes.set(snapshot.data, at);
    at += snapshot.data.length;
  }
  return packed;
}

/** Their bytes are views of what was packed. */
export function unpackStreams(packed: ArrayBuffer): (RawStream | undefined)[] {
  const [count = 0] = new Float64Array(packed, 0, 1);
  const numbers = new Float64Array(packed, 8, NUMBERS * count);
  let at = 8 + numbers.byteLength;
  const take = (length: number): Uint8Array =>
    new Uint8Array(packed, (at += length) - length, length);
  return Array.from({ length: count }, (_, i) => {
    const number = (column: number): number => numbers[NUMBERS * i + column] ?? 0;
    if (number(0) === ABSENT) return undefined;
    const records = take(number(4));
    const start = { seq: number(0), crc: number(1) };
    const end = { seq: number(2), crc: number(3) };
    const seq = number(5);
    if (seq === ABSENT) return { records, start, end };
    return { records, start, end, snapshot: { seq, data: take(number(6)) } };
  });
}

function lengthOf(one: FoundStream | undefined): number {
  const numbers = 8 * NUMBERS;
  if (one === undefined) return numbers;
  const records = one.parts.reduce((total, { length }) => total + length, 0);
  return numbers + records + (one.snapshot?.data.length ?? 0);
}
