/** Reads a stream's records: first what was gathered, then its tail in the log. */
import type { StreamId } from "@perdure/kernel";
import type { Open } from "./file.ts";
import { holdsAll } from "./log.ts";
import type { RawStream } from "./wire.ts";

export function readStream(
  { log, streams }: Open,
  stream: StreamId,
  from: number | undefined,
  limit: number,
): RawStream | undefined {
  const tail = log.tails.get(stream);
  const row = holdsAll(tail) ? undefined : streams.gathered(stream);
  if (tail?.damage !== undefined) throw tail.damage;
  const end = tail?.end ?? row;
  if (end === undefined) return undefined;

  const snapshot = row && from === undefined ? streams.snapshot(stream, row) : undefined;
  const rest = snapshot === undefined ? {} : { snapshot };
  const first = from ?? (snapshot?.seq ?? 0) + 1;
  const records = tail?.records ?? [];
  if (row === undefined || first > row.seq) {
    return { records: join(records), start: tail?.start ?? end, end, ...rest };
  }
  const { chunks, start, isWhole } = streams.read(stream, row, first, limit);
  return { records: join(isWhole ? [...chunks, ...records] : chunks), start, end, ...rest };
}

/** Into memory of its own, which can be handed to another thread. */
function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
