/**
 * The store in memory: one process's handle on a `Disk`. It is what tests and the simulator run
 * on, and the oracle for the other stores.
 *
 * 1. Without faults every call is whole before it returns its promise.
 * 2. Commits of one handle are applied in the order of the calls, whatever a fault delays.
 * 3. After `close` nothing of the handle reaches the disk any more, a delayed commit neither.
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
} from "../store.ts";
import { byBytes } from "../cursor.ts";
import { Disk } from "./disk.ts";
import { openByVersion, page, select } from "./select.ts";

/**
 * What may go wrong, decided by a test or the simulator. Promises are the delays.
 *
 * `before`: `abort` answers `failed`, `ambiguous` answers `unknown`; either way nothing is applied.
 * `after`: the commit is applied; `ambiguous` answers `unknown` all the same.
 * `call`: before any other operation; it fails with what this throws.
 */
export interface Faults {
  before?(batches: readonly Batch[]): Promise<"none" | "abort" | "ambiguous">;
  after?(batches: readonly Batch[]): Promise<"none" | "ambiguous">;
  call?(operation: keyof Store): Promise<void>;
}

export class MemoryStore implements Store {
  readonly partitions: number;
  readonly databases = 1;
  readonly disk: Disk;
  readonly #faults: Faults | undefined;
  #commits: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(disk: Disk = new Disk(), faults?: Faults) {
    this.disk = disk;
    this.partitions = disk.partitions;
    this.#faults = faults;
  }

  databaseOf(): number {
    return 0;
  }

  open(partition: number, claim?: Claim): Promise<Opened> {
    return this.#call("open", () => this.disk.open(partition, claim));
  }

  release(partition: number, epoch: number): Promise<void> {
    return this.#call("release", () => this.disk.release(partition, epoch));
  }

  seal(partition: number, epoch: number, seal?: Seal): Promise<void> {
    return this.#call("seal", () => this.disk.seal(partition, epoch, seal));
  }

  beat(node: NodeRecord, gone: readonly string[] = []): Promise<ClusterView> {
    return this.#call("beat", () => this.disk.beat(node, gone));
  }

  commit(batches: readonly Batch[]): Promise<CommitResult> {
    const faults = this.#faults;
    if (faults === undefined) return this.#call("commit", () => this.disk.commit(batches));
    const result = this.#commits.then(() => this.#commitWith(faults, batches));
    this.#commits = result.catch(() => undefined);
    return result;
  }

  outcome(partition: number, number: number, epoch?: number): Promise<"applied" | "lost"> {
    return this.#call("outcome", async () => {
      // A commit under way could still be applied, and `lost` must hold for ever.
      await this.#commits;
      return this.disk.applied(partition, number, epoch) ? "applied" : "lost";
    });
  }

  read(stream: StreamId, from?: number, limit: number = Infinity): Promise<StreamData | undefined> {
    return this.#call("read", () => this.disk.read(stream, from, limit));
  }

  blobs(
    _partition: number,
    hashes: readonly Uint8Array[],
  ): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#call("blobs", () => hashes.map((hash) => this.disk.blob(hash)));
  }

  streams(prefix: string, limit: number, after?: StreamId): Promise<readonly StreamId[]> {
    return this.#call("streams", () =>
      this.disk
        .names()
        .filter((name) => name.startsWith(prefix))
        .filter((name) => after === undefined || byBytes(after, name) < 0)
        .toSorted(byBytes)
        .slice(0, Math.min(limit, limits.pageRows)),
    );
  }

  alarms(partition: number, before: number, limit: number): Promise<readonly Alarm[]> {
    return this.#call("alarms", () =>
      this.disk
        .alarms(partition)
        .filter(({ at }) => at < before)
        .slice(0, limit),
    );
  }

  search(query: Query): Promise<Page> {
    return this.#call("search", () => page(this.disk.rows(), query));
  }

  versions(namespace: string): Promise<readonly OpenRuns[]> {
    return this.#call("versions", () => openByVersion(this.disk.rows(), namespace));
  }

  count(query: Omit<Query, "limit" | "cursor">): Promise<number> {
    return this.#call("count", () => select(this.disk.rows(), query).length);
  }

  prune(now: number, limit: number, partitions?: readonly number[]): Promise<readonly StreamId[]> {
    return this.#call("prune", () =>
      this.disk.prune(now, Math.min(limit, limits.pageRows), partitions),
    );
  }

  flush(): Promise<void> {
    return this.#call("flush", () => undefined);
  }

  delivered(deliveries: readonly Delivery[]): Promise<void> {
    return this.#call("delivered", () => this.disk.delivered(deliveries));
  }

  correspondence(partition: number): Promise<readonly Correspondence[]> {
    return this.#call("correspondence", () => this.disk.correspondence(partition));
  }

  databaseName(): string {
    return "in memory";
  }

  place(wanted?: Place): Promise<Place | undefined> {
    return this.#call("place", () => this.disk.place(wanted));
  }

  facts(): Promise<StoreFacts> {
    return this.#call("facts", () => ({
      kind: "memory",
      version: 1,
      partitions: this.partitions,
      detail: this.disk.facts(),
    }));
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  async #call<T>(operation: keyof Store, action: () => T | Promise<T>): Promise<T> {
    this.#checkOpen();
    if (this.#faults?.call !== undefined) {
      await this.#faults.call(operation);
      this.#checkOpen();
    }
    return action();
  }

  async #commitWith(faults: Faults, batches: readonly Batch[]): Promise<CommitResult> {
    this.#checkOpen();
    const before = (await faults.before?.(batches)) ?? "none";
    this.#checkOpen();
    if (before === "abort") return { type: "failed", reason: "The fault hook refused the commit." };
    if (before === "ambiguous") return { type: "unknown", reason: "The fault hook lost it." };
    const result = this.disk.commit(batches);
    const after = (await faults.after?.(batches)) ?? "none";
    return after === "none"
      ? result
      : { type: "unknown", reason: "The fault hook lost the answer." };
  }

  #checkOpen(): void {
    if (this.#closed) throw new PerdureError("closed", "The store is closed: open it again.");
  }
}
