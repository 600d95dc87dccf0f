/** The gathered part of streams: their rows, chunks of records, and snapshots. */
import { crc32 } from "node:zlib";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { invariant, type StreamId } from "@perdure/kernel";
import { concat, corruptStream, type Alarm, type Settled } from "@perdure/store";
import { bytesOf, holdsAll, type Head, type Tail } from "@perdure/store/log";

/** Chunks of one stream have neighbouring ids. */
const CHUNKS_PER_STREAM = 2 ** 22;

export interface StreamRow extends Head {
  readonly id: number;
  readonly chunks: number;
  /** What the log holds of the stream up to here is void. */
  readonly position: number;
  readonly settled: number;
}

interface ChunkRow {
  readonly first_seq: number;
  readonly last_seq: number;
  readonly previous_crc: number;
  readonly data: Uint8Array;
}

/** What a gathered stream is to be woken for; unsettled: it was only moved out of the log. */
export type Rest = Pick<Settled, "alarm" | "hasWork" | "snapshot"> | "unsettled";

export interface Gathered {
  readonly chunks: readonly Uint8Array[];
  /** What the first chunk follows. */
  readonly start: Head;
  /** No limit cut it short of the stream's gathered end. */
  readonly isWhole: boolean;
}

export class StreamTable {
  readonly #row: StatementSync;
  readonly #putRow: StatementSync;
  readonly #putChunk: StatementSync;
  readonly #chunksFrom: StatementSync;
  readonly #dropChunks: StatementSync;
  readonly #snapshot: StatementSync;
  readonly #putSnapshot: StatementSync;
  readonly #dropSnapshot: StatementSync;
  readonly #alarms: StatementSync;
  readonly #awake: StatementSync;
  readonly #names: StatementSync;
  readonly #dropForgotten: StatementSync;
  #lastId: number;

  constructor(db: DatabaseSync) {
    this.#row = db.prepare(
      "SELECT id, seq, crc, chunks, position, settled FROM streams WHERE name = ?",
    );
    this.#putRow = db.prepare(`
      INSERT INTO streams
        (name, id, partition, seq, crc, chunks, position, settled, has_work, alarm)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (name) DO UPDATE SET
        id = excluded.id, partition = excluded.partition, seq = excluded.seq, crc = excluded.crc,
        chunks = excluded.chunks, position = excluded.position, settled = excluded.settled,
        has_work = excluded.has_work, alarm = excluded.alarm`);
    this.#putChunk = db.prepare(
      "INSERT INTO chunks (id, first_seq, last_seq, previous_crc, data) VALUES (?, ?, ?, ?, ?)",
    );
    this.#chunksFrom = db.prepare(`
      SELECT first_seq, last_seq, previous_crc, data FROM chunks
      WHERE id >= ? AND id < ? AND last_seq >= ? ORDER BY id`);
    this.#dropChunks = db.prepare("DELETE FROM chunks WHERE id >= ? AND id < ?");
    this.#snapshot = db.prepare("SELECT seq, crc, data FROM snapshots WHERE stream = ?");
    this.#putSnapshot = db.prepare(
      "INSERT OR REPLACE INTO snapshots (stream, seq, crc, data) VALUES (?, ?, ?, ?)",
    );
    this.#dropSnapshot = db.prepare("DELETE FROM snapshots WHERE stream = ?");
    this.#alarms = db.prepare(`
      SELECT name AS stream, alarm AS at FROM streams
      WHERE partition = ? AND alarm < ? ORDER BY alarm, name`);
    this.#awake = db.prepare(
      "SELECT name FROM streams WHERE partition = ? AND (has_work = 1 OR settled = 0)",
    );
    this.#names = db.prepare(
      "SELECT name FROM streams WHERE name >= ? AND name > ? AND seq > 0 ORDER BY name",
    );
    this.#dropForgotten = db.prepare("DELETE FROM streams WHERE seq = 0 AND position < ?");
    // Every row but a forgotten one has a chunk.
    const last = db.prepare("SELECT coalesce(max(id), 0) AS id FROM chunks").get();
    this.#lastId = Math.floor(Number(last?.["id"] ?? 0) / CHUNKS_PER_STREAM);
  }

  gathered(stream: StreamId): StreamRow | undefined {
    const row = this.row(stream);
    return row?.seq === 0 ? undefined : row;
  }

  /** Also of a forgotten stream, whose seq is 0. */
  row(stream: StreamId): StreamRow | undefined {
    return this.#row.get(stream) as unknown as StreamRow | undefined;
  }

  /** Moves a tail, which ends before or at position `at`, out of the log. */
  gather(
    stream: StreamId,
    partition: number,
    tail: Tail | undefined,
    at: number,
    rest: Rest,
  ): void {
    const known = holdsAll(tail) ? undefined : this.gathered(stream);
    const id = known?.id ?? ++this.#lastId;
    const chunks = known?.chunks ?? 0;
    invariant(chunks < CHUNKS_PER_STREAM, `${stream} was gathered too often`);
    const end = tail?.end ?? known ?? { seq: 0, crc: 0 };
    if (tail !== undefined) {
      const { start, records } = tail;
      const data =
        records.length === 1 && records[0] ? bytesOf(records[0]) : concat(records.map(bytesOf));
      const chunk = id * CHUNKS_PER_STREAM + chunks;
      this.#putChunk.run(chunk, start.seq + 1, end.seq, start.crc, data);
    }
    const count = chunks + (tail === undefined ? 0 : 1);
    const [settled, work, alarm] =
      rest === "unsettled" ? [0, 0, null] : [1, rest.hasWork ? 1 : 0, rest.alarm ?? null];
    this.#putRow.run(stream, id, partition, end.seq, end.crc, count, at, settled, work, alarm);
    if (rest === "unsettled") return;
    const { snapshot } = rest;
    if (snapshot !== undefined) {
      this.#putSnapshot.run(id, snapshot.seq, crc32(snapshot.data), snapshot.data);
    } else if (known !== undefined) {
      this.#dropSnapshot.run(id);
    }
  }

  /** Leaves a row that voids what the log still holds of it. */
  forget(stream: StreamId, at: number): void {
    const known = this.row(stream);
    if (known !== undefined) {
      this.#dropChunks.run(known.id * CHUNKS_PER_STREAM, (known.id + 1) * CHUNKS_PER_STREAM);
      this.#dropSnapshot.run(known.id);
    }
    this.#putRow.run(stream, 0, 0, 0, 0, 0, at, 1, 0, null);
  }

  /** Rows of forgotten streams are not needed once the log begins after them. */
  dropForgottenBefore(position: number): void {
    this.#dropForgotten.run(position);
  }

  snapshot(stream: StreamId, row: StreamRow): Settled["snapshot"] {
    const found = this.#snapshot.get(row.id) as unknown as
      | { readonly seq: number; readonly crc: number; readonly data: Uint8Array }
      | undefined;
    if (found === undefined) return undefined;
    if (crc32(found.data) !== found.crc) throw corruptStream(stream, "its snapshot was altered");
    return { seq: found.seq, data: found.data };
  }

  /** Whole chunks that hold the events from `from` on, until there are `limit` of them. */
  read(stream: StreamId, row: StreamRow, from: number, limit: number): Gathered {
    const chunks: Uint8Array[] = [];
    let start: Head | undefined;
    let last = from - 1;
    const first = row.id * CHUNKS_PER_STREAM;
    for (const found of this.#chunksFrom.iterate(first, first + CHUNKS_PER_STREAM, from)) {
      const chunk = found as unknown as ChunkRow;
      start ??= { seq: chunk.first_seq - 1, crc: chunk.previous_crc };
      chunks.push(chunk.data);
      last = chunk.last_seq;
      if (last - from + 1 >= limit) break;
    }
    if (start === undefined) throw corruptStream(stream, "events are missing");
    return { chunks, start, isWhole: last >= row.seq };
  }

  /** Soonest first; the caller stops when it has enough. */
  *alarms(partition: number, before: number): Generator<Alarm> {
    for (const row of this.#alarms.iterate(partition, before)) yield row as unknown as Alarm;
  }

  /** By the bytes of their names; the caller stops when it has enough. */
  *named(prefix: string, after: string): Generator<StreamId> {
    for (const { name } of this.#names.iterate(prefix, after)) {
      if (!String(name).startsWith(prefix)) return;
      yield name as StreamId;
    }
  }

  awake(partition: number): StreamId[] {
    return this.#awake.all(partition).map(({ name }) => name as StreamId);
  }
}
