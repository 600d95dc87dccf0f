/** A stream as a store finds it, before it is known to be what was written. */
import type { StreamId } from "@perdure/kernel";
import { corruptStream, readRecords } from "../segment/record.ts";
import type { Settled, StreamData } from "../store.ts";
import type { Head } from "./log.ts";

/** Its records as they lie in the store; the reader verifies them. */
export interface RawStream {
  readonly records: Uint8Array;
  /** What the first record follows. */
  readonly start: Head;
  /** The stream's end, which the records reach unless a limit was given. */
  readonly end: Head;
  readonly snapshot?: NonNullable<Settled["snapshot"]>;
}

/** The events asked for, once the records around them are known to be what was written (S5). */
export function eventsOf(
  stream: StreamId,
  { records, start, end, snapshot }: RawStream,
  from: number | undefined,
  limit: number,
): StreamData {
  const chain = { ...start };
  const bytes = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
  const all = readRecords(bytes, stream, chain);
  const first = from ?? (snapshot?.seq ?? 0) + 1;
  const isCovered = start.seq < first && chain.seq >= Math.min(end.seq, first + limit - 1);
  const isBeyond = chain.seq > end.seq || (chain.seq === end.seq && chain.crc !== end.crc);
  if ((first <= end.seq && !isCovered) || isBeyond) {
    throw corruptStream(stream, "events are missing or not its own");
  }
  const skipped = Math.max(0, first - start.seq - 1);
  const events = all.slice(skipped, skipped + limit);
  const data = { events, seq: end.seq };
  return snapshot === undefined ? data : { ...data, snapshot };
}
