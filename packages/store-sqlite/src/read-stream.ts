/** Reads a stream's records: first what was gathered, then its tail in the log. */
import type { StreamId } from "@perdure/kernel";
import { concat } from "@perdure/store";
import { bytesOf, holdsAll, type RawStream } from "@perdure/store/log";
import type { Open } from "./file.ts";

/** A `RawStream` whose records are still where the writer has them. */
export interface FoundStream extends Omit<RawStream, "records"> {
  /** Records, in order: views of the writer's memory. */
  readonly parts: readonly Uint8Array[];
}

export function findStream(
  { log, streams }: Open,
  stream: StreamId,
  from: number | undefined,
  limit: number,
): FoundStream | undefined {
  const tail = log.tails.get(stream);
  const row = holdsAll(tail) ? undefined : streams.gathered(stream);
  if (tail?.damage !== undefined) throw tail.damage;
  const end = tail?.end ?? row;
  if (end === undefined) return undefined;

  const snapshot = row && from === undefined ? streams.snapshot(stream, row) : undefined;
  const rest = snapshot === undefined ? {} : { snapshot };
  const first = from ?? (snapshot?.seq ?? 0) + 1;
  const records = tail?.records.map(bytesOf) ?? [];
  if (row === undefined || first > row.seq) {
    return { parts: records, start: tail?.start ?? end, end, ...rest };
  }
  const { chunks, start, isWhole } = streams.read(stream, row, first, limit);
  return { parts: isWhole ? [...chunks, ...records] : chunks, start, end, ...rest };
}

/** With memory of its own, which can be handed to another thread. */
export function joined({ parts, ...found }: FoundStream): RawStream {
  return { records: concat(parts), ...found };
}
