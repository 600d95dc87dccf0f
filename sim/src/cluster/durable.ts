/**
 * Every store of a simulation goes through here: it is where faults come in, and where the checks
 * see what is durable.
 *
 * 1. Commits of one handle are applied in the order of the calls, whatever a fault delays.
 * 2. `onApplied` is told of a commit at the moment it is on disk, before anybody else can know.
 * 3. What a dead process asked for may still happen, but it hears nothing any more. A commit on
 *    its way when its process dies is applied or not, as the seed decides.
 */
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
import type { Deeds } from "../faults/deeds.ts";
import type { FaultMix } from "../faults/mix.ts";
import type { Marks } from "../world/marks.ts";
import type { Trace } from "../world/trace.ts";
import type { Prng } from "../world/prng.ts";
import type { Process } from "../world/process.ts";
import type { World } from "../world/world.ts";

const commitFaults = ["commitAbort", "commitAmbiguousDone", "commitAmbiguousLost"] as const;

export interface DurableHooks {
  onOpened(partition: number, opened: Opened, claim: Claim | undefined): void;
  onReleased(partition: number): void;
  /** A commit was refused: another has the partition. */
  onFenced(): void;
  onApplied(batches: readonly Batch[]): void;
  /** `now`: by the clock of whoever asked, when it did; ms since epoch. */
  onPruned(streams: readonly StreamId[], now: number): void;
}

export interface DurableParts {
  readonly inner: Store;
  readonly world: World;
  readonly process: Process;
  readonly prng: Prng;
  readonly marks: Marks;
  readonly trace: Trace;
  readonly deeds: Deeds;
  readonly hooks: DurableHooks;
  /** The faults of this moment. */
  readonly mix: () => FaultMix;
  /** Until then (ms of the world) nothing gets through to the disk. */
  readonly cutUntil: () => number;
}

export class DurableStore implements Store {
  readonly partitions: number;
  readonly databases: number;
  readonly #parts: DurableParts;
  /** Ends when all commits asked for so far have been applied or not. */
  #commits: Promise<unknown> = Promise.resolve();

  constructor(parts: DurableParts) {
    this.#parts = parts;
    this.partitions = parts.inner.partitions;
    this.databases = parts.inner.databases;
  }

  databaseOf(partition: number): number {
    return this.#parts.inner.databaseOf(partition);
  }

  async open(partition: number, claim?: Claim): Promise<Opened> {
    const { prng, marks, mix } = this.#parts;
    await this.#travel();
    const opened = await this.#parts.inner.open(partition, claim);
    this.#parts.hooks.onOpened(partition, opened, claim);
    if (claim !== undefined && prng.chance(mix().readFails)) {
      marks.hit("fault: openAmbiguous");
      throw new PerdureError("unavailable", "The answer to an open was lost.");
    }
    return opened;
  }

  release(partition: number, epoch: number): Promise<void> {
    return this.#ask(async () => {
      await this.#parts.inner.release(partition, epoch);
      this.#parts.hooks.onReleased(partition);
    });
  }

  seal(partition: number, epoch: number, seal?: Seal): Promise<void> {
    return this.#ask(() => this.#parts.inner.seal(partition, epoch, seal));
  }

  beat(node: NodeRecord, gone?: readonly string[]): Promise<ClusterView> {
    return this.#ask(() => this.#parts.inner.beat(node, gone));
  }

  async commit(batches: readonly Batch[]): Promise<CommitResult> {
    const before = this.#commits;
    const applied = this.#apply(before, batches);
    this.#commits = applied.catch(() => undefined);
    const result = await applied;
    await this.#travel();
    return result;
  }

  async outcome(partition: number, number: number, epoch?: number): Promise<"applied" | "lost"> {
    await this.#commits;
    const became = await this.#ask(() => this.#parts.inner.outcome(partition, number, epoch));
    this.#parts.marks.hit(`commit: unknown, and it was ${became}`);
    return became;
  }

  async read(stream: StreamId, from?: number, limit?: number): Promise<StreamData | undefined> {
    const data = await this.#ask(() => this.#parts.inner.read(stream, from, limit));
    if (data !== undefined) this.#parts.marks.hit("read: a stream comes back from the disk");
    if (data?.snapshot !== undefined) this.#parts.marks.hit("read: from a snapshot");
    return data;
  }

  blobs(
    partition: number,
    hashes: readonly Uint8Array[],
  ): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#ask(() => this.#parts.inner.blobs(partition, hashes));
  }

  streams(prefix: string, limit: number, after?: StreamId): Promise<readonly StreamId[]> {
    return this.#ask(() => this.#parts.inner.streams(prefix, limit, after));
  }

  alarms(partition: number, before: number, limit: number): Promise<readonly Alarm[]> {
    return this.#ask(() => this.#parts.inner.alarms(partition, before, limit));
  }

  search(query: Query): Promise<Page> {
    return this.#ask(() => this.#parts.inner.search(query));
  }

  versions(namespace: string): Promise<readonly OpenRuns[]> {
    return this.#ask(() => this.#parts.inner.versions(namespace));
  }

  count(query: Omit<Query, "limit" | "cursor">): Promise<number> {
    return this.#ask(() => this.#parts.inner.count(query));
  }

  async prune(
    now: number,
    limit: number,
    partitions?: readonly number[],
  ): Promise<readonly StreamId[]> {
    // Its clock may jump before the answer is there.
    const askedAt = this.#parts.process.now();
    const gone = await this.#ask(() => this.#parts.inner.prune(now, limit, partitions));
    this.#parts.hooks.onPruned(gone, askedAt);
    if (gone.length > 0) this.#parts.marks.hit("store: closed runs are pruned");
    return gone;
  }

  flush(): Promise<void> {
    return this.#ask(() => this.#parts.inner.flush());
  }

  delivered(deliveries: readonly Delivery[]): Promise<void> {
    return this.#ask(() => this.#parts.inner.delivered(deliveries));
  }

  /** At once, or not at all: it draws nothing, so that seeds go on as before it was asked. */
  async correspondence(partition: number, database: number): Promise<readonly Correspondence[]> {
    if (this.#cutLeftMs > 0) {
      throw new PerdureError("unavailable", "The simulated store was out of reach.");
    }
    return this.#parts.inner.correspondence(partition, database);
  }

  databaseName(database: number): string {
    return this.#parts.inner.databaseName(database);
  }

  place(wanted?: Place): Promise<Place | undefined> {
    return this.#ask(() => this.#parts.inner.place(wanted));
  }

  facts(): Promise<StoreFacts> {
    return this.#parts.inner.facts();
  }

  /** The disk outlives its processes. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  async #apply(before: Promise<unknown>, batches: readonly Batch[]): Promise<CommitResult> {
    const { inner, hooks, marks, prng, trace, process } = this.#parts;
    const fate = this.#fate();
    const what = batches.map(({ partition, number, epoch }) => `p${partition}#${number}e${epoch}`);
    trace.note(process.name, "commits", `${what.join(" ")} ${fate}`);
    const delayMs = this.#delayMs();
    await before;
    await this.#inWorld(delayMs);
    if (fate === "lostWithProcess" && !this.#parts.process.isAlive) {
      return { type: "unknown", reason: "the process died" };
    }
    if (fate !== "none" && fate !== "lostWithProcess") marks.hit(`fault: ${fate}`);
    if (fate === "commitAbort") return { type: "failed", reason: "The simulated disk refused." };
    if (fate === "commitAmbiguousLost") return { type: "unknown", reason: "The commit was lost." };
    const result = await inner.commit(batches);
    trace.note("disk", result.type, what.join(" "));
    if (result.type === "done") hooks.onApplied(batches);
    else marks.hit(`commit: ${result.type}`);
    if (result.type === "fenced") hooks.onFenced();
    if (fate === "commitAmbiguousDone") {
      if (prng.chance(0.5)) return { type: "unknown", reason: "The answer was lost." };
      throw new PerdureError("unavailable", "The connection was lost.");
    }
    return result;
  }

  #fate(): (typeof commitFaults)[number] | "none" | "lostWithProcess" {
    const mix = this.#parts.mix();
    const { prng, deeds } = this.#parts;
    for (const fault of commitFaults) {
      if (prng.chance(mix[fault]) && deeds.allows(fault)) return fault;
    }
    return prng.chance(0.5) ? "lostWithProcess" : "none";
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    const { prng, marks, deeds } = this.#parts;
    const isCut = this.#cutLeftMs > 0;
    await this.#travel();
    if (isCut) throw new PerdureError("unavailable", "The simulated store was out of reach.");
    if (prng.chance(this.#parts.mix().readFails) && deeds.allows("readFails")) {
      marks.hit("fault: readFails");
      throw new PerdureError("unavailable", "The simulated store did not answer.");
    }
    const answer = await question();
    await this.#travel();
    return answer;
  }

  #delayMs(): number {
    const { prng, marks, deeds } = this.#parts;
    const { storeDelayMs, storeStall } = this.#parts.mix();
    if (prng.chance(storeStall) && deeds.allows("storeStall")) {
      marks.hit("fault: storeStall");
      return prng.between(500, 5_000);
    }
    return Math.max(this.#cutLeftMs, prng.between(0, Math.ceil(storeDelayMs)));
  }

  get #cutLeftMs(): number {
    return Math.max(0, this.#parts.cutUntil() - this.#parts.world.now);
  }

  /** To or from the caller: a dead one never hears. */
  #travel(): Promise<void> {
    return this.#parts.process.sleep(Math.max(this.#cutLeftMs, this.#delayMs() / 2));
  }

  #inWorld(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.world.after(delayMs, resolve);
    });
  }
}
