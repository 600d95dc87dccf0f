/**
 * Reads a stream: first what was gathered, then its tail in the log.
 *
 * 1. Of a partition that is known by heart, the tail is in memory; the rest is read afterwards, and
 *    belongs to it if it ends where the tail begins. If not, a commit came between: once more.
 * 2. Of any other, everything is read in one snapshot of the database, the log included.
 */
import { crc32 } from "node:zlib";
import type { StreamId } from "@perdure/kernel";
import { concat, corruptStream } from "@perdure/store";
import { bytesOf, type Head, type RawStream, type Tail } from "@perdure/store/log";
import type { Row, Session, Statement, Value } from "./database.ts";
import type { StreamRow } from "./partition-memory.ts";
import { nameBytes, toStreamRow } from "./tables/streams.ts";

/** A tail as it was at one moment. */
export interface SeenTail {
  readonly start: Head;
  readonly end: Head;
  readonly records: readonly Uint8Array[];
}

/** What the tables have of a stream: whole chunks that hold the events that were asked for. */
export interface Gathered {
  readonly row: StreamRow;
  readonly snapshot: RawStream["snapshot"];
  readonly chunks: readonly Uint8Array[];
  /** What the first chunk follows. */
  readonly start: Head | undefined;
  readonly lastSeq: number;
}

/** The snapshot is the same in each row, so only the first has it. */
const select: Statement = {
  name: "read_stream",
  text: `
    SELECT s.id, s.seq, s.crc, s.position, s.settled,
      n.seq AS snapshot_seq, n.crc AS snapshot_crc,
      CASE WHEN row_number() OVER (ORDER BY c.first_seq) = 1 THEN n.data END AS snapshot,
      c.first_seq, c.last_seq, c.previous_crc, c.data
    FROM @.streams AS s
    LEFT JOIN @.snapshots AS n
      ON n.partition = s.partition AND n.stream = s.id AND $3::float8 IS NULL
    LEFT JOIN @.chunks AS c
      ON c.partition = s.partition AND c.stream = s.id
      AND c.last_seq >= coalesce($3::float8, n.seq + 1, 1)
      AND c.first_seq < coalesce($3::float8, n.seq + 1, 1) + $4::float8
    WHERE s.partition = $1 AND s.name = $2 AND s.seq > 0
    ORDER BY c.first_seq`,
};

/** The tail of a stream of a damaged log cannot be read. */
export function seeTail(tail: Tail | undefined): SeenTail | undefined {
  if (tail?.damage !== undefined) throw tail.damage;
  return tail && { start: tail.start, end: tail.end, records: tail.records.map(bytesOf) };
}

export async function readGathered(
  session: Pick<Session, "run">,
  partition: number,
  stream: StreamId,
  from: number | undefined,
  limit: number,
): Promise<Gathered | undefined> {
  const values: Value[] = [partition, nameBytes(stream), from ?? null, limit];
  const rows = await session.run(select, values);
  const [first] = rows;
  if (first === undefined) return undefined;
  const chunks = rows.filter(({ data }) => data !== null);
  const [chunk] = chunks;
  return {
    row: toStreamRow(first),
    snapshot: snapshotOf(stream, first),
    chunks: chunks.map(({ data }) => data as Buffer),
    start: chunk && {
      seq: Number(chunk["first_seq"]) - 1,
      crc: Number(chunk["previous_crc"]),
    },
    lastSeq: Number(chunks.at(-1)?.["last_seq"] ?? 0),
  };
}

/** Does the one go on where the other ends? */
export function follows(tail: SeenTail, gathered: Gathered | undefined): boolean {
  const { seq, crc } = gathered?.row ?? { seq: 0, crc: 0 };
  return tail.start.seq === seq && tail.start.crc === crc;
}

/** Undefined: there is no such stream. */
export function putTogether(
  stream: StreamId,
  tail: SeenTail | undefined,
  gathered: Gathered | undefined,
  from: number | undefined,
): RawStream | undefined {
  const end = tail?.end ?? gathered?.row;
  if (end === undefined) return undefined;
  const snapshot = gathered?.snapshot;
  const rest = snapshot === undefined ? {} : { snapshot };
  const first = from ?? (snapshot?.seq ?? 0) + 1;
  const records = tail?.records ?? [];
  if (gathered === undefined || first > gathered.row.seq) {
    return { records: concat(records), start: tail?.start ?? end, end, ...rest };
  }
  const { chunks, start, lastSeq, row } = gathered;
  if (start === undefined) throw corruptStream(stream, "events are missing");
  const parts = lastSeq >= row.seq ? [...chunks, ...records] : chunks;
  return { records: concat(parts), start, end, ...rest };
}

function snapshotOf(stream: StreamId, row: Row): RawStream["snapshot"] {
  const data = row["snapshot"];
  if (!(data instanceof Uint8Array)) return undefined;
  if (crc32(data) !== Number(row["snapshot_crc"])) {
    throw corruptStream(stream, "its snapshot was altered");
  }
  return { seq: Number(row["snapshot_seq"]), data };
}
