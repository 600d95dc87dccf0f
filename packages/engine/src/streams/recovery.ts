/**
 * Opening partitions: at start, and again after a commit was lost.
 *
 * V1  What an engine knows after opening follows from the store alone: streams, links, alarms.
 *     Only callers, waiting queues and workers outlive a lost commit.
 * V2  A run whose code had something to do may have had it running: its next holder is told
 *     (`lostAt`).
 * V3  An engine owns all partitions or none: links between them are in its memory. When another one
 *     has taken a partition, or had taken it in between, this engine stops.
 * V4  An attempt whose worker is not there is lost, and its run is told.
 */
import { partitionOf, PerdureError, running } from "@perdure/kernel";
import type { Envelope, StreamId } from "@perdure/kernel";
import { decodeMessage, type Opened, type Store } from "@perdure/store";
import type { Links } from "../commit/link.ts";
import type { Mail } from "../commit/mail.ts";
import type { Requests } from "../commit/requests.ts";
import type { Env } from "../env.ts";
import type { Alarms } from "../time/alarms.ts";
import type { Leases } from "../workers/leases.ts";
import type { Tasks } from "../workers/tasks.ts";
import { LiveRun, type Live } from "./live.ts";
import { lostError, type Loader } from "./loader.ts";
import type { Partition } from "./partition.ts";
import type { Tidy } from "./tidy.ts";

/** Streams read at a time. */
const READS = 32;
const RETRY_MS = 500;

export interface RecoveryParts {
  readonly store: Store;
  readonly env: Env;
  readonly partitions: readonly Partition[];
  readonly links: Links;
  readonly requests: Requests;
  readonly mail: Mail;
  readonly loader: Loader;
  readonly alarms: Alarms;
  readonly leases: Leases;
  readonly tasks: Tasks;
  readonly tidy: Tidy;
  readonly attempts: number;
  readonly ready: (partition: Partition) => void;
  readonly stop: (reason: Error) => void;
}

export class Recovery {
  readonly #parts: RecoveryParts;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** At start: takes every partition, and then brings back what they were doing. */
  async openAll(): Promise<void> {
    const { store, partitions } = this.#parts;
    const opened: Opened[] = [];
    for (const partition of partitions) opened.push(await store.open(partition.number));
    this.#restoreLinks(opened);
    for (const [i, partition] of partitions.entries()) {
      const found = opened[i];
      if (found) await this.#recover(partition, found);
    }
    for (const partition of partitions) this.#begin(partition);
  }

  /** After a commit was lost: drops the partition's memory and takes it anew. */
  readonly reopen = (partition: Partition, fenced: boolean): void => {
    this.#forget(partition);
    if (fenced) this.#lose(partition);
    else this.#retake(partition, 1);
  };

  #retake(partition: Partition, attempt: number): void {
    const { store, env, attempts, stop } = this.#parts;
    const { generation } = partition;
    store
      .open(partition.number)
      .then((opened) => this.#recoverOwn(partition, opened))
      .then(
        () => this.#begin(partition),
        (error: unknown) => {
          if (partition.phase === "lost") return;
          env.log("error", "a partition could not be opened", {
            partition: partition.number,
            error,
          });
          const reason = error instanceof Error ? error : new Error(String(error));
          if (attempt >= attempts) return stop(reason);
          env.after(RETRY_MS * attempt, () => {
            if (partition.generation !== generation) return;
            this.#forget(partition);
            this.#retake(partition, attempt + 1);
          });
        },
      );
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
    partition.unlisted.clear();
    partition.cooling.clear();
    partition.broken.clear();
    partition.tidy = false;
    // Readers wait on; messages are handled first when the partition is open again.
    for (const [stream, { items, readers }] of partition.detained) {
      for (const item of items.splice(0)) partition.resumed.push(item);
      if (readers.length === 0) partition.detained.delete(stream);
    }
  }

  #lose(partition: Partition): void {
    const { requests, stop } = this.#parts;
    partition.phase = "lost";
    const error = lostError(partition) ?? voidError();
    for (const { readers } of partition.detained.values()) {
      for (const reader of readers) reader.reject(error);
    }
    partition.detained.clear();
    for (const queue of [partition.resumed, partition.queue]) {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
        const { message } = item;
        if ("request" in message && message.request !== undefined) {
          requests.fail(message.request, error);
        }
      }
    }
    stop(error);
  }

  async #recoverOwn(partition: Partition, opened: Opened): Promise<void> {
    if (opened.epoch === partition.epoch + 1) return this.#recover(partition, opened);
    this.#lose(partition);
    throw lostError(partition) ?? voidError();
  }

  async #recover(partition: Partition, opened: Opened): Promise<void> {
    partition.epoch = opened.epoch;
    partition.nextBatch = opened.lastBatch + 1;
    for (let i = 0; i < opened.streams.length; i += READS) {
      const streams = opened.streams.slice(i, i + READS);
      const lives = await Promise.all(streams.map((stream) => this.#load(partition, stream)));
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
  }

  #begin(partition: Partition): void {
    partition.phase = "open";
    this.#parts.loader.resume(partition);
    this.#parts.ready(partition);
  }

  #restoreLinks(opened: readonly Opened[]): void {
    for (const [to, { marks }] of opened.entries()) {
      for (const { from, seq } of marks) this.#parts.links.between(from, to).restore(seq, []);
    }
    for (const [from, { outbox }] of opened.entries()) {
      for (const to of new Set(outbox.map((message) => message.to))) {
        const link = this.#parts.links.between(from, to);
        const sent = outbox.filter((message) => message.to === to && message.seq > link.acked);
        link.restore(
          link.acked,
          sent.map(({ data }) => withoutCaller(decodeMessage(data))),
        );
      }
    }
  }
}

/** Whoever asked is gone with the life of the engine that was asked. */
function withoutCaller({ to, message }: Envelope): Envelope {
  if (!("request" in message)) return { to, message };
  const { request: _, ...rest } = message;
  return { to, message: rest };
}

function voidError(): PerdureError {
  return new PerdureError(
    "unavailable",
    "A commit failed and the partition is being opened again: try again.",
  );
}
