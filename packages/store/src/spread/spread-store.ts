/**
 * One store over several, its databases: partition p lies in database p % N, under its own number.
 *
 * 1. Each database knows of all partitions and has its own alone, so a stream's name and a message's
 *    receiver mean the same everywhere.
 * 2. What one database does or does not answer changes nothing for partitions of the others; only
 *    lists are of all, and fail with any.
 * 3. Each shows the nodes that live in *it*: who cannot reach one database has no part of it, whatever
 *    he has elsewhere.
 */
import { invariant, partitionOf, PerdureError, type StreamId } from "@perdure/kernel";
import { placeError } from "../place.ts";
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
} from "../store.ts";
import { Deliveries } from "./deliveries.ts";
import { firstNames, mergedPage, mergedVersions } from "./merging.ts";
import { checkAlone, settlePlaces } from "./places.ts";

export class SpreadStore implements Store {
  readonly partitions: number;
  readonly databases: number;
  readonly commitsApart: boolean;
  readonly #stores: readonly Store[];
  /** By the database of the senders. */
  readonly #deliveries: readonly Deliveries[];
  /** Where the next `prune` begins. */
  #turn = 0;

  /**
   * The stores in the order in which the cluster was made with them; one is itself. Closes them when
   * they do not fit together (`invalid-argument`). `draw` names a new cluster, as no other is named.
   */
  static async open(stores: readonly Store[], draw: () => string): Promise<Store> {
    const [first] = stores;
    if (first === undefined) throw new PerdureError("invalid-argument", "Name a database.");
    try {
      if (stores.length === 1) {
        await checkAlone(first);
        return first;
      }
      checkPartitions(stores, first.partitions);
      await settlePlaces(stores, draw);
      return new SpreadStore(stores, first.partitions);
    } catch (error) {
      await Promise.allSettled(stores.map((store) => store.close()));
      throw error;
    }
  }

  private constructor(stores: readonly Store[], partitions: number) {
    this.#stores = stores;
    this.partitions = partitions;
    this.databases = stores.length;
    this.commitsApart = stores.some(({ commitsApart }) => commitsApart === true);
    this.#deliveries = stores.map((store) => new Deliveries(store));
  }

  databaseOf(partition: number): number {
    return partition % this.databases;
  }

  async open(partition: number, claim?: Claim): Promise<Opened> {
    await this.#deliveries[this.databaseOf(partition)]?.tell();
    const opened = await this.#of(partition).open(partition, claim);
    this.#note(partition, opened.marks);
    return opened;
  }

  release(partition: number, epoch: number): Promise<void> {
    return this.#of(partition).release(partition, epoch);
  }

  seal(partition: number, epoch: number, seal?: Seal): Promise<void> {
    return this.#of(partition).seal(partition, epoch, seal);
  }

  async beat(
    node: NodeRecord,
    gone: readonly string[] = [],
    database: number = 0,
  ): Promise<ClusterView> {
    void this.#deliveries[database]?.tell();
    const view = await this.#at(database).beat(node, gone);
    const partitions = view.partitions.filter(
      ({ partition }) => this.databaseOf(partition) === database,
    );
    return { nodes: view.nodes, partitions };
  }

  async commit(batches: readonly Batch[]): Promise<CommitResult> {
    const databases = new Set(batches.map(({ partition }) => this.databaseOf(partition)));
    const [database] = databases;
    invariant(databases.size <= 1, "a commit takes partitions of one database");
    const result = await this.#at(database ?? 0).commit(batches);
    if (result.type === "done") {
      for (const { partition, marks } of batches) this.#note(partition, marks);
    }
    return result;
  }

  outcome(partition: number, number: number, epoch?: number): Promise<"applied" | "lost"> {
    return this.#of(partition).outcome(partition, number, epoch);
  }

  read(stream: StreamId, from?: number, limit?: number): Promise<StreamData | undefined> {
    return this.#of(partitionOf(stream, this.partitions)).read(stream, from, limit);
  }

  blobs(
    partition: number,
    hashes: readonly Uint8Array[],
  ): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#of(partition).blobs(partition, hashes);
  }

  async streams(prefix: string, limit: number, after?: StreamId): Promise<readonly StreamId[]> {
    return firstNames(await this.#all((store) => store.streams(prefix, limit, after)), limit);
  }

  alarms(partition: number, before: number, limit: number): Promise<readonly Alarm[]> {
    return this.#of(partition).alarms(partition, before, limit);
  }

  async search(query: Query): Promise<Page> {
    return mergedPage(await this.#all((store) => store.search(query)), query);
  }

  async count(query: Omit<Query, "limit" | "cursor">): Promise<number> {
    const counts = await this.#all((store) => store.count(query));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async versions(namespace: string): Promise<readonly OpenRuns[]> {
    return mergedVersions(await this.#all((store) => store.versions(namespace)));
  }

  /** One database after the other, each of them first in its turn. One that fails is left out. */
  async prune(
    now: number,
    limit: number,
    partitions?: readonly number[],
  ): Promise<readonly StreamId[]> {
    const first = this.#turn++;
    const pruned: StreamId[] = [];
    let failure: Error | undefined;
    for (let i = 0; i < this.databases && pruned.length < limit; i++) {
      const database = (first + i) % this.databases;
      const theirs = partitions?.filter((partition) => this.databaseOf(partition) === database);
      if (theirs?.length === 0) continue;
      try {
        pruned.push(...(await this.#at(database).prune(now, limit - pruned.length, theirs)));
      } catch (error) {
        failure ??= error instanceof Error ? error : new Error(String(error));
      }
    }
    if (failure !== undefined && pruned.length === 0) throw failure;
    return pruned;
  }

  async flush(): Promise<void> {
    await this.#all((store) => store.flush());
    await Promise.all(this.#deliveries.map((deliveries) => deliveries.tell()));
  }

  async delivered(deliveries: readonly Delivery[]): Promise<void> {
    const senders = Map.groupBy(deliveries, ({ from }) => this.databaseOf(from));
    await Promise.all(
      [...senders].map(([database, theirs]) => this.#at(database).delivered(theirs)),
    );
  }

  correspondence(partition: number, database: number): Promise<readonly Correspondence[]> {
    return this.#at(database).correspondence(partition, 0);
  }

  databaseName(database: number): string {
    return this.#at(database).databaseName(0);
  }

  /** Databases have places; several together have none. */
  place(wanted?: Place): Promise<undefined> {
    if (wanted === undefined) return Promise.resolve(undefined);
    return Promise.reject(placeError("A list of databases"));
  }

  async facts(): Promise<StoreFacts> {
    const answers = await Promise.allSettled(this.#stores.map((store) => store.facts()));
    const known = answers.flatMap((answer) =>
      answer.status === "fulfilled" ? [answer.value] : [],
    );
    const [first] = known;
    const [failed] = answers.filter((answer) => answer.status === "rejected");
    if (first === undefined) throw failed?.reason;
    return {
      kind: first.kind,
      version: Math.min(...known.map(({ version }) => version)),
      partitions: this.partitions,
      detail: {
        databases: answers.map((answer) =>
          answer.status === "fulfilled" ? answer.value.detail : { error: String(answer.reason) },
        ),
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#deliveries.map((deliveries) => deliveries.tell()));
    const closed = await Promise.allSettled(this.#stores.map((store) => store.close()));
    const failed = closed.find((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  /** Senders in other databases are to hear of it. */
  #note(to: number, marks: Opened["marks"]): void {
    for (const { from, seq } of marks) {
      const database = this.databaseOf(from);
      if (database !== this.databaseOf(to)) this.#deliveries[database]?.note({ from, to, seq });
    }
  }

  #all<T>(ask: (store: Store) => Promise<T>): Promise<T[]> {
    return Promise.all(this.#stores.map(ask));
  }

  #of(partition: number): Store {
    return this.#at(this.databaseOf(partition));
  }

  #at(database: number): Store {
    const store = this.#stores[database];
    if (store !== undefined) return store;
    throw new PerdureError("invalid-argument", `There is no database ${database}.`);
  }
}

function checkPartitions(stores: readonly Store[], partitions: number): void {
  const other = stores.find((store) => store.partitions !== partitions);
  if (other === undefined && partitions >= stores.length) return;
  const text =
    other === undefined
      ? `${partitions} partitions cannot lie in ${stores.length} databases: name fewer of them.`
      : `The databases do not fit together: one has ${partitions} partitions, another has ` +
        `${other.partitions}. Name those that the cluster was made with.`;
  throw new PerdureError("invalid-argument", text);
}
