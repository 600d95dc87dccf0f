/** The log: fences, segments, and how far messages between partitions have come. */
import type { StreamId } from "@perdure/kernel";
import type { Correspondence } from "@perdure/store";
import { bytes, numbers } from "../arrays.ts";
import type { Call, Database, Statement } from "../database.ts";
import { sqlStateOf } from "../postgres-error.ts";
import { nameBytes } from "./streams.ts";

/** What a transaction asks of a partition's row, and makes of it. */
export interface Fence {
  readonly partition: number;
  readonly epoch: number;
  readonly incarnation: number;
  /** The last batch before the transaction, and after it. */
  readonly before: number;
  readonly after: number;
}

export interface SegmentRow {
  readonly partition: number;
  readonly number: number;
  readonly data: Uint8Array;
  /** As `begun.ts` has it. */
  readonly begun: Uint8Array | undefined;
}

export interface NewStream {
  readonly partition: number;
  readonly stream: StreamId;
}

/**
 * The whole of a commit that has no housekeeping. A word that is no number ends the transaction,
 * and says in the database's log as well as here why.
 *
 * Streams are looked for one by one, by a query of its own for each: a join is planned while the
 * table is small, and reads all of it for as long as nobody has counted it since.
 */
const append: Statement = {
  name: "append",
  text: `
    WITH fence AS (
      UPDATE @.partitions AS p SET last_batch = f.after
      FROM unnest($1::int4[], $2::int8[], $3::int8[], $4::int8[], $5::int8[])
        AS f(partition, epoch, incarnation, before, after)
      WHERE p.partition = f.partition AND p.epoch = f.epoch AND p.incarnation = f.incarnation
        AND p.last_batch = f.before
      RETURNING p.partition
    ), written AS (
      INSERT INTO @.segments (partition, number, data, begun)
      SELECT partition, number, data, begun
      FROM unnest($6::int4[], $7::int8[], $8::bytea[], $9::bytea[])
        AS n(partition, number, data, begun)
    )
    SELECT
      CAST(CASE WHEN (SELECT count(*) FROM fence) = cardinality($1::int4[])
        THEN '1' ELSE 'perdure: fenced' END AS INTEGER) AS fence,
      CAST(CASE WHEN NOT EXISTS (
        SELECT 1 FROM unnest($10::int4[], $11::bytea[]) AS b(partition, name)
        WHERE (SELECT s.seq FROM @.streams AS s
          WHERE s.partition = b.partition AND s.name = b.name) > 0)
        THEN '1' ELSE 'perdure: exists' END AS INTEGER) AS begun`,
};

const REFUSED = "22P02";

/** The same where no batch is applied. */
const keep: Statement = { ...append, name: "keep" };

export function appendSegments(
  fences: readonly Fence[],
  segments: readonly SegmentRow[],
  begun: readonly NewStream[],
): Call {
  return {
    statement: fences.some(({ before, after }) => after > before) ? append : keep,
    values: [
      numbers(fences.map(({ partition }) => partition)),
      numbers(fences.map(({ epoch }) => epoch)),
      numbers(fences.map(({ incarnation }) => incarnation)),
      numbers(fences.map(({ before }) => before)),
      numbers(fences.map(({ after }) => after)),
      numbers(segments.map(({ partition }) => partition)),
      numbers(segments.map(({ number }) => number)),
      bytes(segments.map(({ data }) => data)),
      bytes(segments.map(({ begun: names }) => names)),
      numbers(begun.map(({ partition }) => partition)),
      bytes(begun.map(({ stream }) => nameBytes(stream))),
    ],
  };
}

/** Which of its conditions the statement above found not to hold. */
export function brokenCondition(error: unknown): "fence" | "exists" | undefined {
  if (sqlStateOf(error) !== REFUSED || !(error instanceof Error)) return undefined;
  if (error.message.includes("perdure: fenced")) return "fence";
  return error.message.includes("perdure: exists") ? "exists" : undefined;
}

const dropSegment: Statement = {
  name: "drop_segments",
  text: `
    DELETE FROM @.segments AS s USING unnest($1::int4[], $2::int8[]) AS n(partition, number)
    WHERE s.partition = n.partition AND s.number = n.number`,
};

export function dropSegments(
  segments: readonly { readonly partition: number; readonly number: number }[],
): Call {
  return {
    statement: dropSegment,
    values: [
      numbers(segments.map(({ partition }) => partition)),
      numbers(segments.map(({ number }) => number)),
    ],
  };
}

/** Each number only grows; 0: it is not to be changed. */
export interface LinkEntry {
  readonly partition: number;
  readonly peer: number;
  readonly sent: number;
  readonly mark: number;
  readonly delivered: number;
}

const putLink: Statement = {
  name: "put_links",
  text: `
    INSERT INTO @.links AS l (partition, peer, sent, mark, delivered)
    SELECT partition, peer, sent, mark, delivered
    FROM unnest($1::int4[], $2::int4[], $3::int8[], $4::int8[], $5::int8[])
      AS n(partition, peer, sent, mark, delivered)
    ON CONFLICT (partition, peer) DO UPDATE SET
      sent = greatest(l.sent, excluded.sent), mark = greatest(l.mark, excluded.mark),
      delivered = greatest(l.delivered, excluded.delivered)`,
};

export function putLinks(entries: readonly LinkEntry[]): Call {
  return {
    statement: putLink,
    values: [
      numbers(entries.map(({ partition }) => partition)),
      numbers(entries.map(({ peer }) => peer)),
      numbers(entries.map(({ sent }) => sent)),
      numbers(entries.map(({ mark }) => mark)),
      numbers(entries.map(({ delivered }) => delivered)),
    ],
  };
}

/** What receivers have applied of senders. */
export const readMarks: Statement = {
  name: "read_marks",
  text: `
    SELECT l.partition AS receiver, l.peer AS sender, l.mark
    FROM unnest($1::int4[], $2::int4[]) AS n(receiver, sender)
    JOIN @.links AS l ON l.partition = n.receiver AND l.peer = n.sender`,
};

const correspondence: Statement = {
  name: "read_correspondence",
  text: `
    SELECT partition AS peer, mark, delivered FROM @.links
    WHERE peer = $1 AND (mark > 0 OR delivered > 0)`,
};

/** What others have written down of their messages to and from the partition. */
export async function readCorrespondence(
  database: Database,
  partition: number,
): Promise<readonly Correspondence[]> {
  const rows = await database.run(correspondence, [partition]);
  return rows.map(({ peer, mark, delivered }) => {
    return { peer: Number(peer), mark: Number(mark), delivered: Number(delivered) };
  });
}
