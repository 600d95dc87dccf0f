/**
 * What is to be written to the target, gathered into commits of a good size.
 *
 * F1  What is added for one partition is applied in the order in which it was added, and what is
 *     added in one call is in one commit.
 * F2  One commit of a database is on its way at a time, and one is being filled: whoever adds to a
 *     full one waits, so that memory is bounded.
 */
import type { Append, Blob, IndexRow, Settled } from "@perdure/store";
import type { Load, StoreEnd } from "./store-end.ts";

/** Of one stream. */
export interface Parcel {
  readonly append?: Append;
  readonly blobs?: readonly Blob[];
  readonly row?: IndexRow | undefined;
  readonly settled?: Settled | undefined;
}

interface Filling extends Load {
  readonly appends: Append[];
  readonly blobs: Blob[];
  readonly index: IndexRow[];
  readonly settle: Settled[];
}

interface Database {
  loads: Map<number, Filling>;
  bytes: number;
  /** Ends when everything that was sent has landed. */
  landed: Promise<void>;
}

export class Freight {
  readonly #target: StoreEnd;
  readonly #commitBytes: number;
  readonly #databases: readonly Database[];

  constructor(target: StoreEnd, commitBytes: number) {
    this.#target = target;
    this.#commitBytes = commitBytes;
    this.#databases = Array.from({ length: target.store.databases }, () => ({
      loads: new Map(),
      bytes: 0,
      landed: Promise.resolve(),
    }));
  }

  /** Resolves when there is room for more. */
  async add(partition: number, parcel: Parcel): Promise<void> {
    const database = this.#databases[this.#target.store.databaseOf(partition)] as Database;
    let load = database.loads.get(partition);
    if (load === undefined) {
      load = { appends: [], blobs: [], index: [], settle: [], outbox: [], marks: [], forget: [] };
      database.loads.set(partition, load);
    }
    if (parcel.append) load.appends.push(parcel.append);
    if (parcel.blobs) load.blobs.push(...parcel.blobs);
    if (parcel.row) load.index.push(parcel.row);
    if (parcel.settled) load.settle.push(parcel.settled);
    database.bytes += bytesOf(parcel);
    if (database.bytes >= this.#commitBytes) await this.#send(database);
  }

  /** Everything that was added is durable. */
  async flush(): Promise<void> {
    await Promise.all(this.#databases.map((database) => this.#send(database)));
  }

  #send(database: Database): Promise<void> {
    const { loads, landed } = database;
    if (loads.size === 0) return landed;
    database.loads = new Map();
    database.bytes = 0;
    const sent = landed.then(() => this.#target.commit(loads));
    database.landed = sent;
    return sent;
  }
}

/** What the store's own words take for a stream, about. */
const ENVELOPE_BYTES = 256;

function bytesOf({ append, blobs = [], settled }: Parcel): number {
  let bytes = ENVELOPE_BYTES + (settled?.snapshot?.data.length ?? 0);
  for (const event of append?.events ?? []) bytes += event.length;
  for (const { data } of blobs) bytes += data.length;
  return bytes;
}
