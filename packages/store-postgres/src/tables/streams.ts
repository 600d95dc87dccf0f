/** Streams out of the log: their rows, chunks of records, and snapshots. */
import type { StreamId } from "@perdure/kernel";
import { booleans, bytes, numbers } from "../arrays.ts";
import type { Call, Database, Row, Statement } from "../database.ts";
import type { StreamRow } from "../partition-memory.ts";

export interface ChunkRow {
  readonly partition: number;
  readonly stream: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly previousCrc: number;
  readonly data: Uint8Array;
}

export interface SnapshotRow {
  readonly partition: number;
  readonly stream: number;
  readonly seq: number;
  readonly crc: number;
  readonly data: Uint8Array;
}

/** A row as it is to be written. */
export interface StreamEntry extends StreamRow {
  readonly partition: number;
  readonly stream: StreamId;
  readonly hasWork: boolean;
  readonly alarm: number | undefined;
}

/** A stream and where the log stood when it was forgotten. */
export interface Forgotten {
  readonly partition: number;
  readonly stream: StreamId;
  readonly position: number;
}

export function nameBytes(stream: StreamId): Buffer {
  return Buffer.from(stream);
}

export function streamOf(name: unknown): StreamId {
  return (name as Buffer).toString() as StreamId;
}

export function toStreamRow(row: Row): StreamRow {
  return {
    id: Number(row["id"]),
    seq: Number(row["seq"]),
    crc: Number(row["crc"]),
    position: Number(row["position"]),
    settled: row["settled"] === true,
  };
}

const put: Statement = {
  name: "put_streams",
  text: `
    INSERT INTO @.streams
      (partition, name, id, seq, crc, position, settled, has_work, alarm)
    SELECT partition, name, id, seq, crc, position, settled, has_work, alarm
    FROM unnest($1::int4[], $2::bytea[], $3::int8[], $4::int8[], $5::int8[], $6::int8[],
        $7::bool[], $8::bool[], $9::float8[])
      AS n(partition, name, id, seq, crc, position, settled, has_work, alarm)
    ON CONFLICT (partition, name) DO UPDATE SET
      id = excluded.id, seq = excluded.seq, crc = excluded.crc, position = excluded.position,
      settled = excluded.settled, has_work = excluded.has_work, alarm = excluded.alarm`,
};

export function putStreams(entries: readonly StreamEntry[]): Call {
  return {
    statement: put,
    values: [
      numbers(entries.map(({ partition }) => partition)),
      bytes(entries.map(({ stream }) => nameBytes(stream))),
      numbers(entries.map(({ id }) => id)),
      numbers(entries.map(({ seq }) => seq)),
      numbers(entries.map(({ crc }) => crc)),
      numbers(entries.map(({ position }) => position)),
      booleans(entries.map(({ settled }) => settled)),
      booleans(entries.map(({ hasWork }) => hasWork)),
      numbers(entries.map(({ alarm }) => alarm)),
    ],
  };
}

const addChunk: Statement = {
  name: "add_chunks",
  text: `
    INSERT INTO @.chunks (partition, stream, first_seq, last_seq, previous_crc, data)
    SELECT partition, stream, first_seq, last_seq, previous_crc, data
    FROM unnest($1::int4[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::bytea[])
      AS n(partition, stream, first_seq, last_seq, previous_crc, data)`,
};

export function addChunks(chunks: readonly ChunkRow[]): Call {
  return {
    statement: addChunk,
    values: [
      numbers(chunks.map(({ partition }) => partition)),
      numbers(chunks.map(({ stream }) => stream)),
      numbers(chunks.map(({ firstSeq }) => firstSeq)),
      numbers(chunks.map(({ lastSeq }) => lastSeq)),
      numbers(chunks.map(({ previousCrc }) => previousCrc)),
      bytes(chunks.map(({ data }) => data)),
    ],
  };
}

const putSnapshot: Statement = {
  name: "put_snapshots",
  text: `
    INSERT INTO @.snapshots (partition, stream, seq, crc, data)
    SELECT partition, stream, seq, crc, data
    FROM unnest($1::int4[], $2::int8[], $3::int8[], $4::int8[], $5::bytea[])
      AS n(partition, stream, seq, crc, data)
    ON CONFLICT (partition, stream) DO UPDATE SET
      seq = excluded.seq, crc = excluded.crc, data = excluded.data`,
};

export function putSnapshots(snapshots: readonly SnapshotRow[]): Call {
  return {
    statement: putSnapshot,
    values: [
      numbers(snapshots.map(({ partition }) => partition)),
      numbers(snapshots.map(({ stream }) => stream)),
      numbers(snapshots.map(({ seq }) => seq)),
      numbers(snapshots.map(({ crc }) => crc)),
      bytes(snapshots.map(({ data }) => data)),
    ],
  };
}

const dropSnapshot: Statement = {
  name: "drop_snapshots",
  text: `
    DELETE FROM @.snapshots AS s USING unnest($1::int4[], $2::int8[]) AS n(partition, stream)
    WHERE s.partition = n.partition AND s.stream = n.stream`,
};

export function dropSnapshots(
  ids: readonly { readonly partition: number; readonly stream: number }[],
): Call {
  return {
    statement: dropSnapshot,
    values: [
      numbers(ids.map(({ partition }) => partition)),
      numbers(ids.map(({ stream }) => stream)),
    ],
  };
}

const named = "unnest($1::int4[], $2::bytea[]) AS n(partition, name)";

const dropChunksOf: Statement = {
  name: "forget_chunks",
  text: `
    DELETE FROM @.chunks AS c USING ${named}, @.streams AS s
    WHERE s.partition = n.partition AND s.name = n.name
      AND c.partition = s.partition AND c.stream = s.id`,
};
const dropSnapshotsOf: Statement = {
  name: "forget_snapshots",
  text: `
    DELETE FROM @.snapshots AS c USING ${named}, @.streams AS s
    WHERE s.partition = n.partition AND s.name = n.name
      AND c.partition = s.partition AND c.stream = s.id`,
};
/** Leaves a row that voids what the log still holds of the stream. */
const voidRows: Statement = {
  name: "forget_streams",
  text: `
    UPDATE @.streams AS s
    SET id = 0, seq = 0, crc = 0, position = n.position,
      settled = true, has_work = false, alarm = NULL
    FROM unnest($1::int4[], $2::bytea[], $3::int8[]) AS n(partition, name, position)
    WHERE s.partition = n.partition AND s.name = n.name`,
};

export function forgetStreams(streams: readonly Forgotten[]): Call[] {
  const partitions = numbers(streams.map(({ partition }) => partition));
  const names = bytes(streams.map(({ stream }) => nameBytes(stream)));
  const positions = numbers(streams.map(({ position }) => position));
  return [
    { statement: dropChunksOf, values: [partitions, names] },
    { statement: dropSnapshotsOf, values: [partitions, names] },
    { statement: voidRows, values: [partitions, names, positions] },
  ];
}

const dropForgotten: Statement = {
  name: "drop_forgotten",
  text: `
    DELETE FROM @.streams AS s USING unnest($1::int4[], $2::int8[]) AS n(partition, oldest)
    WHERE s.partition = n.partition AND s.seq = 0 AND s.position < n.oldest`,
};

/** Rows of forgotten streams are not needed once the log begins after them. */
export function dropForgottenBefore(
  places: readonly { readonly partition: number; readonly oldest: number }[],
): Call {
  return {
    statement: dropForgotten,
    values: [
      numbers(places.map(({ partition }) => partition)),
      numbers(places.map(({ oldest }) => oldest)),
    ],
  };
}

const awake: Statement = {
  name: "awake_streams",
  text: "SELECT name FROM @.streams WHERE partition = $1 AND (has_work OR NOT settled)",
};

/** Streams that their partition's owner has to load at once. */
export async function awakeStreams(database: Database, partition: number): Promise<StreamId[]> {
  return (await database.run(awake, [partition])).map(({ name }) => streamOf(name));
}
