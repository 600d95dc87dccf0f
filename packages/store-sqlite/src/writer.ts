/**
 * The one writer of a file, and the reader of everything but lists. Synchronous; it runs in a
 * thread of its own or inline.
 *
 * 1. Nothing is answered before COMMIT has returned, with `synchronous = FULL` (S2).
 * 2. Reads see every commit that was answered: gathered parts come from the tables, the rest from
 *    the tails in memory.
 */
import { statSync } from "node:fs";
import { limits, partitionOf, PerdureError, type StreamId } from "@perdure/kernel";
import { claimedError, sealedBy, sealedError } from "@perdure/store";
import type {
  Alarm,
  Claim,
  ClusterView,
  CommitResult,
  Correspondence,
  Delivery,
  NodeRecord,
  Opened,
  OpenRuns,
  Page,
  Place,
  Query,
  Seal,
  StoreFacts,
} from "@perdure/store";
import type { RawStream } from "@perdure/store/log";
import { commitGroup, forgetStream } from "./commit-group.ts";
import { MEMORY } from "./connection.ts";
import { StoreFile, type Open } from "./file.ts";
import { positionOf, SEGMENT_FRAMES } from "./position.ts";
import { schemaVersion } from "./migrations/index.ts";
import type { InlineOptions } from "./options.ts";
import { listStreams } from "./list-streams.ts";
import { findStream, joined, type FoundStream } from "./read-stream.ts";
import { count, search, versions } from "./search.ts";
import { dropSegments, saveLinks } from "./upkeep.ts";
import { settlePlace } from "./settings.ts";
import type { Calls, WireCommit } from "./wire.ts";

const ROWS_WHEN_IDLE = 256;

export class Writer implements Calls {
  readonly #file: StoreFile;
  readonly #fault: InlineOptions["fault"];
  /** By partition: the last batch of each epoch that ended in this process. */
  readonly #ends: Map<number, number>[] = [];

  constructor(path: string, options: InlineOptions = {}) {
    this.#file = new StoreFile(path, options);
    this.#fault = options.fault;
  }

  get partitions(): number {
    return this.#file.partitions;
  }

  commit(commits: readonly WireCommit[]): readonly CommitResult[] {
    const { broken } = this.#file;
    if (broken !== undefined)
      return commits.map(() => ({ type: "failed", reason: broken.message }));
    return commitGroup(this.#file, commits, this.#fault?.() ?? "none");
  }

  open(partition: number, claim?: Claim): Opened {
    return this.#write(({ db, log, streams, nodes }) => {
      const owner = log.owners[partition];
      if (owner === undefined) {
        throw new PerdureError(
          "invalid-argument",
          `There is no partition ${partition}: this store has 0 to ${this.partitions - 1}.`,
        );
      }
      if (claim !== undefined && claim.after !== owner.epoch) throw claimedError(partition);
      const seal = sealedBy(nodes.sealOf(partition), claim);
      if (seal !== undefined) throw sealedError(seal);
      nodes.claim(partition, claim?.node);
      this.#endsOf(partition).set(owner.epoch, owner.lastBatch);
      owner.epoch += 1;
      owner.savedBatch = owner.lastBatch;
      db.prepare(
        "INSERT OR REPLACE INTO partitions (partition, epoch, last_batch) VALUES (?, ?, ?)",
      ).run(partition, owner.epoch, owner.lastBatch);
      const names = new Set([...streams.awake(partition), ...log.unsettledOf(partition)]);
      return {
        epoch: owner.epoch,
        lastBatch: owner.lastBatch,
        streams: [...names],
        outbox: log.links.waitingOf(partition),
        marks: log.links.marksOf(partition),
        sent: log.links.sentBy(partition),
      };
    });
  }

  release(partition: number, epoch: number): void {
    if (this.#file.now.log.owners[partition]?.epoch !== epoch) return;
    this.#write(({ nodes }) => nodes.claim(partition, undefined));
  }

  seal(partition: number, epoch: number, seal: Seal | undefined): void {
    this.#write(({ nodes, log }) => {
      if (log.owners[partition]?.epoch !== epoch) throw claimedError(partition);
      nodes.seal(partition, seal);
    });
  }

  beat(node: NodeRecord, gone: readonly string[]): ClusterView {
    return this.#write(({ nodes, log }) => {
      nodes.put(node);
      for (const id of gone) nodes.drop(id);
      return nodes.view(log.owners);
    });
  }

  outcome(partition: number, number: number, epoch?: number): "applied" | "lost" {
    const owner = this.#file.now.log.owners[partition];
    if (owner === undefined) return "lost";
    const end = this.#ends[partition]?.get(epoch ?? owner.epoch) ?? owner.lastBatch;
    return number <= end ? "applied" : "lost";
  }

  read(stream: StreamId, from: number | undefined, limit: number): RawStream | undefined {
    const found = findStream(this.#file.now, stream, from, limit);
    return found && joined(found);
  }

  /** The whole stream, in the writer's memory. */
  find(stream: StreamId): FoundStream | undefined {
    return findStream(this.#file.now, stream, undefined, Infinity);
  }

  blobs(hashes: readonly Uint8Array[]): readonly (Uint8Array | undefined)[] {
    const { blobs } = this.#file.now;
    return hashes.map((hash) => blobs.get(hash));
  }

  streams(prefix: string, limit: number, after: StreamId | undefined): readonly StreamId[] {
    return listStreams(this.#file.now, prefix, Math.min(limit, limits.pageRows), after);
  }

  alarms(partition: number, before: number, limit: number): readonly Alarm[] {
    const { log, streams } = this.#file.now;
    const alarms: Alarm[] = [];
    for (const alarm of streams.alarms(partition, before)) {
      if (alarms.length >= limit) break;
      if (!log.tails.has(alarm.stream)) alarms.push(alarm);
    }
    return alarms;
  }

  prune(
    now: number,
    limit: number,
    partitions: readonly number[] | undefined,
  ): readonly StreamId[] {
    const isAsked = (stream: StreamId): boolean =>
      partitions?.includes(partitionOf(stream, this.partitions)) ?? true;
    return this.#write((open) => {
      const { log, runs, streams, lastSegment } = open;
      runs.write(Infinity);
      const expired: StreamId[] = [];
      for (const stream of runs.expired(now)) {
        if (expired.length >= Math.min(limit, limits.pageRows)) break;
        const isSettled = !log.tails.has(stream) && streams.row(stream)?.settled !== 0;
        if (isSettled && isAsked(stream)) expired.push(stream);
      }
      const position = positionOf(lastSegment, SEGMENT_FRAMES - 1);
      for (const stream of expired) forgetStream(open, stream, position);
      return expired;
    });
  }

  flush(): void {
    if (this.#file.waiting.size === 0) return;
    this.#write(({ runs }) => runs.write(Infinity));
  }

  search(query: Query): Page {
    this.flush();
    return search(this.#file.now.db, query);
  }

  count(query: Omit<Query, "limit" | "cursor">): number {
    this.flush();
    return count(this.#file.now.db, query);
  }

  versions(namespace: string): readonly OpenRuns[] {
    this.flush();
    return versions(this.#file.now.db, namespace);
  }

  /** Does some of what has waited; says whether there is more. What fails now is tried later. */
  idle(): boolean {
    if (this.#file.broken !== undefined) return false;
    const { db, log } = this.#file.now;
    if (this.#file.waiting.size > 0 || log.uses.free > 1) {
      const ended = this.#file.transaction((open) => {
        open.runs.write(ROWS_WHEN_IDLE);
        dropSegments(open);
      });
      return ended.type === "done";
    }
    db.exec("PRAGMA wal_checkpoint(PASSIVE)");
    return false;
  }

  delivered(deliveries: readonly Delivery[]): void {
    this.#write((open) => {
      for (const { from, to, seq } of deliveries) open.log.links.confirm(to, { from, seq });
      saveLinks(open);
    });
  }

  correspondence(partition: number): readonly Correspondence[] {
    return this.#file.now.log.links.correspondence(partition);
  }

  place(wanted: Place | undefined): Place | undefined {
    const { path } = this.#file;
    return this.#write(({ db, log }) => {
      const isUsed = log.owners.some(({ epoch }) => epoch > 0);
      return settlePlace(db, path, wanted, isUsed);
    });
  }

  facts(): StoreFacts {
    const { db, log } = this.#file.now;
    const pragma = (name: string): number => Number(Object.values(db.prepare(name).get() ?? {})[0]);
    const { path } = this.#file;
    return {
      kind: "sqlite",
      version: schemaVersion,
      partitions: this.partitions,
      detail: {
        file: path,
        bytes: pragma("PRAGMA page_count") * pragma("PRAGMA page_size"),
        walBytes: path === MEMORY ? 0 : sizeOf(`${path}-wal`),
        freePages: pragma("PRAGMA freelist_count"),
        segments: log.uses.count,
        segmentBytes: log.uses.bytes,
        unsettledStreams: log.tails.size,
        waitingIndexRows: this.#file.waiting.size,
        synchronous: pragma("PRAGMA synchronous") === 2 ? "full" : "not full",
        sqlite: String(db.prepare("SELECT sqlite_version() AS v").get()?.["v"]),
      },
    };
  }

  close(): void {
    try {
      this.flush();
    } finally {
      this.#file.close();
    }
  }

  /** For what is not a commit and so has no `unknown`: done, or an error that says why not. */
  #endsOf(partition: number): Map<number, number> {
    return (this.#ends[partition] ??= new Map());
  }

  #write<T>(work: (open: Open) => T): T {
    const ended = this.#file.transaction(work);
    if (ended.type === "done") return ended.value;
    if (ended.error instanceof PerdureError) throw ended.error;
    throw new PerdureError("store-failed", ended.reason, { cause: ended.error });
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
