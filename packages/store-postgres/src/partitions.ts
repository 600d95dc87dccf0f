/**
 * The partitions that this process knows by heart, and the transactions that change them.
 *
 * 1. After a failed transaction, whatever it was, what is known by heart of its partitions is
 *    thrown away. It is built again with the row of the partition renewed, so that a transaction
 *    whose answer was lost and which may still be under way somewhere finds its fence gone.
 * 2. All of this is called for partitions that nothing else is done on meanwhile (`Turns`).
 */
import type { StreamId } from "@perdure/kernel";
import { claimedError, type Batch, type Claim } from "@perdure/store";
import { bytes, numbers } from "./arrays.ts";
import type { Writing } from "./commit/writing.ts";
import { inSnapshot, type Database, type Statement } from "./database.ts";
import { loadPartition, type Held } from "./load.ts";
import type { PartitionMemory } from "./partition-memory.ts";
import { lookAt, renewPartition, takePartition } from "./tables/partitions.ts";
import { nameBytes, streamOf, toStreamRow } from "./tables/streams.ts";

/** `OFFSET 0`: looked up one by one, however few the tables had when the plan was made. */
export const rowsOf: Statement = {
  name: "rows_of_streams",
  text: `
    SELECT s.partition, s.name, s.id, s.seq, s.crc, s.position, s.settled
    FROM unnest($1::int4[], $2::bytea[]) AS n(partition, name)
    CROSS JOIN LATERAL (
      SELECT * FROM @.streams AS one
      WHERE one.partition = n.partition AND one.name = n.name OFFSET 0) AS s`,
};

export class Partitions {
  readonly #database: Database;
  readonly #known = new Map<number, PartitionMemory>();
  /** The epochs that this process has opened, known by heart or not. */
  readonly #epochs = new Map<number, number>();

  constructor(database: Database) {
    this.#database = database;
  }

  get known(): ReadonlyMap<number, PartitionMemory> {
    return this.#known;
  }

  epochOf(partition: number): number | undefined {
    return this.#epochs.get(partition);
  }

  /** Those that this process has opened and has not heard to be another's. */
  get own(): readonly number[] {
    return [...this.#epochs.keys()];
  }

  async open(partition: number, claim: Claim | undefined): Promise<PartitionMemory> {
    this.forget(partition);
    const held = await takePartition(this.#database, partition, claim);
    const memory = await this.#load(held);
    if (memory === undefined) throw claimedError(partition);
    return memory;
  }

  /** Undefined: the epoch is over. */
  async get(partition: number, epoch: number): Promise<PartitionMemory | undefined> {
    const known = this.#known.get(partition);
    if (known !== undefined && known.epoch >= epoch) return known;
    this.forget(partition);
    const held = await renewPartition(this.#database, partition, epoch);
    const memory = held && (await this.#load(held));
    if (memory === undefined) this.lose(partition, epoch + 1);
    return memory;
  }

  /** Undefined: somebody has opened the partition meanwhile. No lock is held while this takes long. */
  async #load(held: Held): Promise<PartitionMemory | undefined> {
    const { partition, epoch, incarnation } = held;
    const memory = await this.#database.session((session) =>
      inSnapshot(session, async () => {
        const now = await lookAt(session, partition);
        const isOwn = now.epoch === epoch && now.incarnation === incarnation;
        return isOwn ? loadPartition(session, now) : undefined;
      }),
    );
    if (memory === undefined) return undefined;
    this.#epochs.set(partition, epoch);
    this.#known.set(partition, memory);
    return memory;
  }

  /** What is known by heart is in doubt. */
  forget(partition: number): void {
    this.#known.delete(partition);
  }

  /** Somebody else has opened it, in this epoch, unless this process has in a later one. */
  lose(partition: number, epoch: number): void {
    if ((this.#epochs.get(partition) ?? 0) >= epoch) return;
    this.#known.delete(partition);
    this.#epochs.delete(partition);
  }

  /** Rows that a call goes on from and that are not known by heart. */
  async lookUp(batches: readonly Batch[]): Promise<void> {
    const wanted = new Map<StreamId, PartitionMemory>();
    for (const { partition, appends, settle } of batches) {
      const memory = this.#known.get(partition);
      if (memory === undefined) continue;
      const later = appends.filter(({ from }) => from > 1);
      for (const { stream } of [...later, ...settle]) {
        const isKnown = memory.log.tails.has(stream) || memory.rows.get(stream) !== undefined;
        if (!isKnown) wanted.set(stream, memory);
      }
      // What the call itself begins is nowhere yet.
      for (const { stream, from } of appends) if (from === 1) wanted.delete(stream);
    }
    if (wanted.size === 0) return;
    const partitions = [...wanted.values()].map(({ partition }) => partition);
    const names = [...wanted.keys()].map(nameBytes);
    for (const row of await this.#database.run(rowsOf, [numbers(partitions), bytes(names)])) {
      const stream = streamOf(row["name"]);
      wanted.get(stream)?.rows.set(stream, toStreamRow(row));
    }
  }

  /** Carries out what was put together; when it throws, nothing is known by heart (rule 1). */
  async write(writing: Writing, partitions: readonly number[]): Promise<void> {
    try {
      await this.#database.transaction(writing.calls());
    } catch (error) {
      for (const partition of partitions) this.forget(partition);
      throw error;
    }
  }
}
