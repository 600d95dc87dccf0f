/** The store port on a SQLite file. */
import { PerdureError, type StreamId } from "@perdure/kernel";
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
import { eventsOf } from "@perdure/store/log";
import { InlineBackend, type Backend } from "./backend.ts";
import type { InlineOptions, SqliteOptions } from "./options.ts";
import { ThreadBackend } from "./thread-backend.ts";
import { toWire } from "./wire.ts";

export class SqliteStore implements Store {
  readonly partitions: number;
  readonly databases = 1;
  readonly #backend: Backend;
  readonly #path: string;
  #closed = false;

  /** With a thread that writes, so that a sync never blocks the caller's. */
  static async open(path: string, options: SqliteOptions = {}): Promise<SqliteStore> {
    return new SqliteStore(await ThreadBackend.start(path, options), path);
  }

  /** In the calling thread, synchronous inside: for the simulator, tests and `:memory:`. */
  static openInline(path: string, options: InlineOptions = {}): SqliteStore {
    return new SqliteStore(new InlineBackend(path, options), path);
  }

  private constructor(backend: Backend, path: string) {
    this.#backend = backend;
    this.#path = path;
    this.partitions = backend.partitions;
  }

  databaseOf(): number {
    return 0;
  }

  open(partition: number, claim?: Claim): Promise<Opened> {
    return this.#use().call("open", partition, claim);
  }

  release(partition: number, epoch: number): Promise<void> {
    return this.#use().call("release", partition, epoch);
  }

  seal(partition: number, epoch: number, seal?: Seal): Promise<void> {
    return this.#use().call("seal", partition, epoch, seal);
  }

  beat(node: NodeRecord, gone: readonly string[] = []): Promise<ClusterView> {
    return this.#use().call("beat", node, gone);
  }

  commit(batches: readonly Batch[]): Promise<CommitResult> {
    return this.#use().commit(toWire(batches));
  }

  outcome(partition: number, number: number, epoch?: number): Promise<"applied" | "lost"> {
    return this.#use().call("outcome", partition, number, epoch);
  }

  async read(
    stream: StreamId,
    from?: number,
    limit: number = Infinity,
  ): Promise<StreamData | undefined> {
    const raw = await this.#use().call("read", stream, from, limit);
    return raw && eventsOf(stream, raw, from, limit);
  }

  blobs(
    _partition: number,
    hashes: readonly Uint8Array[],
  ): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#use().call("blobs", hashes);
  }

  streams(prefix: string, limit: number, after?: StreamId): Promise<readonly StreamId[]> {
    return this.#use().call("streams", prefix, limit, after);
  }

  alarms(partition: number, before: number, limit: number): Promise<readonly Alarm[]> {
    return this.#use().call("alarms", partition, before, limit);
  }

  search(query: Query): Promise<Page> {
    return this.#use().call("search", query);
  }

  count(query: Omit<Query, "limit" | "cursor">): Promise<number> {
    return this.#use().call("count", query);
  }

  versions(namespace: string): Promise<readonly OpenRuns[]> {
    return this.#use().call("versions", namespace);
  }

  prune(now: number, limit: number, partitions?: readonly number[]): Promise<readonly StreamId[]> {
    return this.#use().call("prune", now, limit, partitions);
  }

  flush(): Promise<void> {
    return this.#use().call("flush");
  }

  delivered(deliveries: readonly Delivery[]): Promise<void> {
    return this.#use().call("delivered", deliveries);
  }

  correspondence(partition: number): Promise<readonly Correspondence[]> {
    return this.#use().call("correspondence", partition);
  }

  databaseName(): string {
    return this.#path;
  }

  place(wanted?: Place): Promise<Place | undefined> {
    return this.#use().call("place", wanted);
  }

  facts(): Promise<StoreFacts> {
    return this.#use().call("facts");
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#backend.close();
  }

  #use(): Backend {
    if (this.#closed) throw new PerdureError("closed", "The store is closed: open it again.");
    return this.#backend;
  }
}
