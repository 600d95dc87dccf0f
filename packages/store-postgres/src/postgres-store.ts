/**
 * The store port on one PostgreSQL database.
 *
 * Safety is the database's: a transaction asks the row of each of its partitions for epoch,
 * incarnation and batch, and is nothing if one is not as this process believes. All that is known
 * by heart rests on that, and is thrown away when it turns out to be wrong.
 */
import { limits, PerdureError, type StreamId } from "@perdure/kernel";
import type {
  Alarm,
  Batch,
  Claim,
  ClusterView,
  CommitResult,
  Correspondence,
  Delivery,
  NodeRecord,
  OpenRuns,
  Opened,
  Page,
  Place,
  Query,
  Seal,
  Store,
  StoreFacts,
  StreamData,
} from "@perdure/store";
import { parseAddress, type Address } from "./address.ts";
import { Committer } from "./commit/committer.ts";
import { Turns, type CommitCall } from "./commit/turns.ts";
import { Database, type Row, type Statement, type Value } from "./database.ts";
import { checkDurability } from "./durability.ts";
import { factsOf } from "./facts.ts";
import { postgresLimits } from "./limits.ts";
import { migrate } from "./migrations/index.ts";
import type { PostgresOptions } from "./options.ts";
import type { PartitionMemory } from "./partition-memory.ts";
import { Partitions } from "./partitions.ts";
import { operatingError } from "./postgres-error.ts";
import { prune } from "./prune.ts";
import { Reader } from "./reader.ts";
import { count, search, versions } from "./search.ts";
import { settlePartitions, settlePlace } from "./settings.ts";
import { readBlobs } from "./tables/blobs.ts";
import { putLinks, readCorrespondence } from "./tables/log.ts";
import { beat } from "./tables/nodes.ts";
import { awakeStreams } from "./tables/streams.ts";
import { lastBatchOf, releasePartition, sealPartition } from "./tables/partitions.ts";
import { Upkeep } from "./upkeep.ts";

export class PostgresStore implements Store {
  readonly partitions: number;
  readonly databases = 1;
  readonly commitsApart: boolean;
  readonly #database: Database;
  readonly #partitions: Partitions;
  readonly #turns: Turns;
  readonly #reader: Reader;
  readonly #upkeep: Upkeep;
  #closed: Promise<void> | undefined;

  /** Brings the schema up to date, or makes it. `address`: `postgres://user:password@host/name`. */
  static async open(address: string, options: PostgresOptions = {}): Promise<PostgresStore> {
    const parsed = parseAddress(address, options);
    const database = new Database(parsed);
    try {
      await checkDurability(database);
      await migrate(database);
      const partitions = await settlePartitions(database, parsed.options.partitions);
      return new PostgresStore(database, parsed, partitions);
    } catch (error) {
      await database.close();
      throw operatingError(error);
    }
  }

  private constructor(database: Database, { options }: Address, partitions: number) {
    this.partitions = partitions;
    this.#database = database;
    this.#partitions = new Partitions(database);
    const parts = { database, partitions: this.#partitions };
    const committer = new Committer({ ...parts, applied: (calls) => this.#applied(calls) });
    // One connection is left for what is read and for signs of life.
    const width = Math.max(1, options.connections - 1);
    this.commitsApart = options.transaction === "partition";
    this.#turns = new Turns(width, committer.carryOut, this.commitsApart);
    this.#reader = new Reader({ ...parts, turns: this.#turns, count: partitions });
    const { logBytes = limits.storeLogBytes } = options;
    const { unsettledStreams = limits.storeUnsettledStreams } = options;
    this.#upkeep = new Upkeep({
      ...parts,
      turns: this.#turns,
      isApart: this.commitsApart,
      logBytes,
      unsettledStreams,
    });
  }

  databaseOf(): number {
    return 0;
  }

  open(partition: number, claim?: Claim): Promise<Opened> {
    return this.#use(() =>
      this.#turns.alone([partition], async () => {
        return this.#opened(await this.#partitions.open(partition, claim));
      }),
    );
  }

  release(partition: number, epoch: number): Promise<void> {
    return this.#use(() => releasePartition(this.#database, partition, epoch));
  }

  seal(partition: number, epoch: number, seal?: Seal): Promise<void> {
    return this.#use(() => sealPartition(this.#database, partition, epoch, seal));
  }

  beat(node: NodeRecord, gone: readonly string[] = []): Promise<ClusterView> {
    return this.#use(async () => {
      const view = await beat(this.#database, node, gone);
      // What is known by heart of a partition is of no use when another has it.
      for (const { partition, epoch } of view.partitions) {
        if (epoch <= (this.#partitions.epochOf(partition) ?? epoch)) continue;
        await this.#turns.look(partition, () => this.#partitions.lose(partition, epoch));
      }
      return view;
    });
  }

  commit(batches: readonly Batch[]): Promise<CommitResult> {
    return this.#use(() => this.#turns.commit(batches));
  }

  outcome(partition: number, number: number, epoch?: number): Promise<"applied" | "lost"> {
    return this.#use(() =>
      this.#turns.alone([partition], async () => {
        // What may still be under way is either known to be applied then, or will never be.
        const own = this.#partitions.epochOf(partition);
        if (own !== undefined) await this.#partitions.get(partition, own);
        const last = await this.#database.session((session) =>
          lastBatchOf(session, partition, epoch),
        );
        return number <= last ? "applied" : "lost";
      }),
    );
  }

  read(stream: StreamId, from?: number, limit: number = Infinity): Promise<StreamData | undefined> {
    return this.#use(() => this.#reader.read(stream, from, limit));
  }

  blobs(
    partition: number,
    hashes: readonly Uint8Array[],
  ): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#use(() => readBlobs(this.#database, partition, hashes));
  }

  streams(prefix: string, limit: number, after?: StreamId): Promise<readonly StreamId[]> {
    return this.#use(() => this.#reader.streams(prefix, limit, after));
  }

  alarms(partition: number, before: number, limit: number): Promise<readonly Alarm[]> {
    return this.#use(() => this.#reader.alarms(partition, before, limit));
  }

  search(query: Query): Promise<Page> {
    return this.#use(() => search(this.#ask, query));
  }

  count(query: Omit<Query, "limit" | "cursor">): Promise<number> {
    return this.#use(() => count(this.#ask, query));
  }

  versions(namespace: string): Promise<readonly OpenRuns[]> {
    return this.#use(() => versions(this.#ask, namespace));
  }

  /** Only in partitions that this process has opened: the streams of another are its owner's. */
  prune(now: number, limit: number, partitions?: readonly number[]): Promise<readonly StreamId[]> {
    return this.#use(() => {
      const { own } = this.#partitions;
      const asked = partitions === undefined ? own : own.filter((n) => partitions.includes(n));
      const parts = {
        database: this.#database,
        partitions: this.#partitions,
        turns: this.#turns,
        isApart: this.commitsApart,
      };
      return prune(parts, now, Math.min(limit, limits.pageRows), asked);
    });
  }

  /** Rows are written with the commit that has them. */
  flush(): Promise<void> {
    return this.#use(() => this.#turns.answered());
  }

  delivered(deliveries: readonly Delivery[]): Promise<void> {
    return this.#use(async () => {
      const apart = this.commitsApart ? deliveries.map((one) => [one]) : [deliveries];
      for (const some of apart) await this.#noteDelivered(some);
      this.#upkeep.stir();
    });
  }

  correspondence(partition: number): Promise<readonly Correspondence[]> {
    return this.#use(() => readCorrespondence(this.#database, partition));
  }

  databaseName(): string {
    return this.#database.shown;
  }

  place(wanted?: Place): Promise<Place | undefined> {
    return this.#use(() => settlePlace(this.#database, wanted));
  }

  facts(): Promise<StoreFacts> {
    return this.#use(() => factsOf(this.#database, this.#partitions, this.partitions));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#upkeep.stop();
    await this.#turns.idle();
    await this.#database.close();
  }

  async #opened({ partition, epoch, owner, log }: PartitionMemory): Promise<Opened> {
    const awake = await awakeStreams(this.#database, partition);
    const names = new Set([...awake, ...log.tails.keys()]);
    return {
      epoch,
      lastBatch: owner.lastBatch,
      streams: [...names],
      outbox: log.links.waitingOf(partition),
      marks: log.links.marksOf(partition),
      sent: log.links.sentBy(partition),
    };
  }

  /** Senders in this process hear at once of what their receivers have applied. */
  #applied(calls: readonly CommitCall[]): void {
    for (const { batches } of calls) {
      for (const { partition, marks } of batches) {
        for (const mark of marks) {
          this.#partitions.known.get(mark.from)?.log.links.confirm(partition, mark);
        }
      }
    }
    this.#upkeep.stir();
  }

  readonly #ask = (statement: Statement, values: readonly Value[]): Promise<readonly Row[]> =>
    this.#database.list((session) => session.run(statement, values, postgresLimits.longAnswerMs));

  async #noteDelivered(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    const entries = deliveries.map(({ from, to, seq }) => {
      return { partition: from, peer: to, sent: 0, mark: 0, delivered: seq };
    });
    const { statement, values } = putLinks(entries);
    await this.#database.run(statement, values);
    for (const { from, to, seq } of deliveries) {
      await this.#turns.look(from, () => {
        this.#partitions.known.get(from)?.log.links.confirm(to, { from, seq });
      });
    }
  }

  async #use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) {
      throw new PerdureError("closed", "The store is closed: open it again.");
    }
    try {
      return await work();
    } catch (error) {
      throw operatingError(error);
    }
  }
}
