/**
 * Opening partitions: at start, when a node takes one, and again after a commit was lost; and
 * letting go of them.
 *
 * V1  What an engine knows after opening follows from the store alone: streams, links, alarms.
 *     Only callers, waiting queues and workers outlive a lost commit.
 * V2  A run whose code had something to do may have had it running: its next holder is told
 *     (`lostAt`).
 * V3  A partition that another engine has opened meanwhile is never taken back: it is let go of,
 *     with all that was said to it.
 * V4  An attempt whose worker is not there is lost, and its run is told.
 * V5  A partition whose database stands at an earlier moment than another is refused, and says why
 *     (see history.ts).
 */
import { partitionOf, PerdureError, running, runStream } from "@perdure/kernel";
import type { StreamId } from "@perdure/kernel";
import type { Opened, Store } from "@perdure/store";
import type { Links } from "../commit/link.ts";
import type { Mail } from "../commit/mail.ts";
import { callerOf, type Requests } from "../commit/requests.ts";
import type { Listeners } from "../client/listeners.ts";
import type { Env } from "../env.ts";
import type { Alarms } from "../time/alarms.ts";
import type { Leases } from "../workers/leases.ts";
import type { Tasks } from "../workers/tasks.ts";
import type { LinkEnds } from "./ends.ts";
import { History } from "./history.ts";
import { LiveRun, type Live } from "./live.ts";
import { awayError, type Loader } from "./loader.ts";
import type { Partition } from "./partition.ts";
import type { Tidy } from "./tidy.ts";

/** Streams read at a time. */
const READS = 256;
const RETRY_MS = 500;

export interface RecoveryParts {
  readonly store: Store;
  readonly env: Env;
  readonly partitions: readonly Partition[];
  readonly links: Links;
  readonly ends: LinkEnds;
  readonly requests: Requests;
  readonly listeners: Listeners;
  readonly mail: Mail;
  readonly loader: Loader;
  readonly alarms: Alarms;
  readonly leases: Leases;
  readonly tasks: Tasks;
  readonly tidy: Tidy;
  readonly attempts: number;
  /** Who opens, in the words of a claim. */
  readonly self: string;
  readonly ready: (partition: Partition) => void;
  /** Another engine has the partition now. */
  readonly lost: (partition: Partition, reason: PerdureError) => void;
  /** A partition of ours cannot be opened again: the store does not work. */
  readonly gaveUp: (partition: Partition, reason: Error) => void;
}

export class Recovery {
  readonly #parts: RecoveryParts;
  readonly #history: History;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
    this.#history = new History({
      ...parts,
      torn: (partition, why) => this.#refuse(partition, why),
    });
  }

  /** At start: takes every partition, whoever has it, and then brings back what they were doing. */
  async openAll(): Promise<void> {
    const { store, partitions, ends } = this.#parts;
    const opened: Opened[] = [];
    for (const { number } of partitions) opened.push(await store.open(number));
    if (this.#history.isSpread) {
      const all = partitions.map((partition, i) => this.#check(partition, opened[i]));
      await Promise.all(all);
    }
    for (const [i, partition] of partitions.entries()) {
      const found = opened[i];
      if (found) ends.putUp(partition, found);
    }
    for (const [i, partition] of partitions.entries()) {
      const found = opened[i];
      if (found) await this.#recover(partition, found);
    }
    for (const partition of partitions) this.#begin(partition);
  }

  /**
   * Takes a partition that nobody has, or whose owner is dead; rejects with `fenced` when another
   * was faster. None of its commits may be on its way.
   */
  async take(partition: Partition, after: number): Promise<void> {
    const { store, ends, self } = this.#parts;
    const generation = ++partition.generation;
    const isCurrent = (): boolean => partition.generation === generation;
    partition.phase = "opening";
    try {
      const opened = await store.open(partition.number, { node: self, after });
      if (isCurrent() && this.#history.isSpread) await this.#check(partition, opened);
      if (!isCurrent()) return;
      ends.putUp(partition, opened);
      await this.#recover(partition, opened);
      if (isCurrent()) this.#begin(partition);
    } catch (error) {
      if (isCurrent()) this.letGo(partition);
      throw error;
    }
  }

  /** After a commit was lost: drops the partition's memory and takes it anew. */
  readonly reopen = (partition: Partition, fenced: boolean): void => {
    if (partition.phase === "elsewhere") return;
    this.#forget(partition);
    if (fenced) this.#lose(partition);
    else void this.#retake(partition, 1);
  };

  /** Forgets the partition, and tells whoever waits for something in it that it is elsewhere. */
  letGo(partition: Partition): void {
    const { requests, ends, alarms, listeners, partitions } = this.#parts;
    partition.phase = "elsewhere";
    partition.generation++;
    this.#forget(partition);
    ends.takeDown(partition);
    this.#history.forget(partition);
    alarms.leave(partition.number);
    const error = awayError(partition) ?? voidError();
    for (const { readers } of partition.detained.values()) {
      for (const reader of readers) reader.reject(error);
    }
    partition.detained.clear();
    for (const queue of [partition.resumed, partition.queue]) {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
        const caller = callerOf(item.message);
        if (caller !== undefined) requests.fail(caller, error);
      }
    }
    const isHome = (stream: StreamId): boolean =>
      partitionOf(stream, partitions.length) === partition.number;
    listeners.fail((runId) => isHome(runStream(runId)), error);
  }

  async #check(partition: Partition, opened: Opened | undefined): Promise<void> {
    const reason = opened && (await this.#history.check(partition, opened));
    if (reason === undefined) return;
    this.#note(partition, reason);
    throw reason;
  }

  #refuse(partition: Partition, reason: PerdureError): void {
    this.#note(partition, reason);
    this.#parts.gaveUp(partition, reason);
  }

  #note(partition: Partition, reason: PerdureError): void {
    const { env } = this.#parts;
    // It is tried again and again: one line is enough.
    if (partition.refusal?.reason.message !== reason.message) {
      env.log("error", reason.message, { partition: partition.number });
    }
    partition.refusal = { reason, since: partition.refusal?.since ?? env.now() };
  }

  #lose(partition: Partition): void {
    this.letGo(partition);
    this.#parts.lost(partition, awayError(partition) ?? voidError());
  }

  /** Only if nobody has opened it since: its epoch says so (V3). */
  async #retake(partition: Partition, attempt: number): Promise<void> {
    const { store, env, attempts, self, gaveUp } = this.#parts;
    const { generation } = partition;
    const isCurrent = (): boolean => partition.generation === generation;
    try {
      const claim = { node: self, after: partition.epoch };
      const opened = await store.open(partition.number, claim);
      if (isCurrent() && this.#history.isSpread) await this.#check(partition, opened);
      if (isCurrent()) await this.#recover(partition, opened);
      if (isCurrent()) this.#begin(partition);
    } catch (error) {
      if (!isCurrent()) return;
      if (error instanceof PerdureError && error.code === "fenced") return this.#lose(partition);
      const refused = partition.refusal?.reason;
      if (refused !== undefined && error === refused) return gaveUp(partition, refused);
      const { number } = partition;
      env.log("error", "a partition could not be opened", { partition: number, error });
      const reason = error instanceof Error ? error : new Error(String(error));
      if (attempt >= attempts) return gaveUp(partition, reason);
      env.after(RETRY_MS * attempt, () => {
        if (!isCurrent()) return;
        // Reads of this attempt that are still under way must not put their old state over the next.
        partition.generation++;
        this.#forget(partition);
        void this.#retake(partition, attempt + 1);
      });
    }
  }

  #forget(partition: Partition): void {
    const { links, leases, tasks, alarms, partitions } = this.#parts;
    const error = voidError();
    links.forget(partition.number);
    for (const live of partition.lives.values()) {
      alarms.drop(live);
      if (live instanceof LiveRun) leases.drop(live, error);
    }
    tasks.drop((stream) => partitionOf(stream, partitions.length) === partition.number);
    partition.lives.clear();
    partition.cooling = 0;
    partition.lost.clear();
    partition.broken.clear();
    // Readers wait on; messages are handled first when the partition is open again.
    for (const [stream, { items, readers }] of partition.detained) {
      for (const item of items.splice(0)) partition.resumed.push(item);
      if (readers.length === 0) partition.detained.delete(stream);
    }
  }

  async #recover(partition: Partition, opened: Opened): Promise<void> {
    const { generation } = partition;
    partition.epoch = opened.epoch;
    partition.nextBatch = opened.lastBatch + 1;
    for (let i = 0; i < opened.streams.length; i += READS) {
      const streams = opened.streams.slice(i, i + READS);
      const lives = await Promise.all(streams.map((stream) => this.#load(partition, stream)));
      if (partition.generation !== generation) return;
      for (const live of lives) if (live !== undefined) this.#resume(partition, live);
    }
    await this.#parts.alarms.reopen(partition.number);
  }

  /** One damaged stream does not keep the others from being opened. */
  async #load(partition: Partition, stream: StreamId): Promise<Live | undefined> {
    try {
      return await this.#parts.loader.load(partition, stream);
    } catch (error) {
      if (!(error instanceof PerdureError) || error.code !== "store-corrupt") throw error;
      this.#parts.env.log("error", error.message, { stream });
      partition.broken.set(stream, error);
      return undefined;
    }
  }

  #resume(partition: Partition, live: Live): void {
    const { alarms, leases, tasks, tidy, mail } = this.#parts;
    alarms.set(live, live.machine.wakeAt(live.state));
    if (!(live instanceof LiveRun)) return;
    const { run, runId } = live;
    tidy.unlisted(partition, live);
    if (run.outcome !== undefined) return tidy.cooling(partition, live);
    leases.touch(live);
    tasks.offerAll(live);
    for (const { key, attempt, worker } of running(run)) {
      if (tasks.isRunning({ runId, key, attempt })) continue;
      mail.post(live.stream, { type: "step.lost", key, attempt, worker });
    }
    tidy.crowd(partition, live);
  }

  #begin(partition: Partition): void {
    partition.phase = "open";
    partition.refusal = undefined;
    partition.openedAt = this.#parts.env.now();
    const { loader, links, partitions, ready } = this.#parts;
    loader.resume(partition);
    ready(partition);
    // What its last owner had still to deliver may be for a partition that is here and at rest.
    for (const { from, to } of links.of(partition.number)) {
      const receiver = partitions[to];
      if (from === partition.number && receiver !== undefined) ready(receiver);
    }
  }
}

function voidError(): PerdureError {
  return new PerdureError(
    "unavailable",
    "A commit failed and the partition is being opened again: try again.",
  );
}
