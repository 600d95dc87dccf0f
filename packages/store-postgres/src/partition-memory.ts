/**
 * What this process knows by heart of a partition that it has opened, so that a commit need not read.
 *
 * 1. It is a function of the database as of `incarnation`: when anything about it is in doubt it is
 *    thrown away and built again.
 * 2. It is changed by the one transaction of the partition that is under way, which either commits
 *    or is the doubt of rule 1; so it is looked at between transactions only.
 * 3. A row of a stream that has a tail is never forgotten: the tail goes on from it.
 */
import type { StreamId } from "@perdure/kernel";
import type { Log, Owner } from "@perdure/store/log";
import { postgresLimits as limits } from "./limits.ts";

/** Of a stream in the tables. */
export interface StreamRow {
  readonly id: number;
  /** 0: it is forgotten. */
  readonly seq: number;
  readonly crc: number;
  /** What the log holds of the stream up to this batch is void. */
  readonly position: number;
  readonly settled: boolean;
}

export class KnownRows {
  readonly #rows = new Map<StreamId, StreamRow>();
  readonly #isPinned: (stream: StreamId) => boolean;

  constructor(isPinned: (stream: StreamId) => boolean) {
    this.#isPinned = isPinned;
  }

  get(stream: StreamId): StreamRow | undefined {
    return this.#rows.get(stream);
  }

  /** The row of a stream that is not forgotten. */
  gathered(stream: StreamId): StreamRow | undefined {
    const row = this.#rows.get(stream);
    return row?.seq === 0 ? undefined : row;
  }

  set(stream: StreamId, row: StreamRow): void {
    this.#rows.delete(stream);
    this.#rows.set(stream, row);
    this.#trim();
  }

  delete(stream: StreamId): void {
    this.#rows.delete(stream);
  }

  /** Pinned rows go to the end of the line, so that a look at a few is enough. */
  #trim(): void {
    for (let looks = 0; looks < 8 && this.#rows.size > limits.knownStreams; looks++) {
      const [oldest] = this.#rows;
      if (oldest === undefined) return;
      const [stream, row] = oldest;
      this.#rows.delete(stream);
      if (!this.#isPinned(stream)) return;
      this.#rows.set(stream, row);
    }
  }
}

export interface PartitionMemory {
  readonly partition: number;
  readonly epoch: number;
  readonly incarnation: number;
  readonly log: Log;
  readonly owner: Owner;
  readonly rows: KnownRows;
  /** The highest id that a stream of the partition has or had. */
  lastId: number;
  /** There may be rows of forgotten streams, which go when the log begins after them. */
  hasForgotten: boolean;
}
