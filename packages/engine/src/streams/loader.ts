/**
 * Brings streams from the store into memory. Messages for a stream on its way wait in its
 * `detained` entry, and go first when it has come (P2).
 *
 * A stream that cannot be read because its bytes are damaged is *broken*: what is sent to it is
 * refused, and everything else goes on. Any other trouble is tried again.
 */
import {
  partitionOf,
  PerdureError,
  runStream,
  wantsActivation,
  type RunEvent,
  type RunId,
  type StreamId,
} from "@perdure/kernel";
import { decodeSnapshot, type Store, type StreamData } from "@perdure/store";
import type { Env } from "../env.ts";
import { makeLive } from "../commit/decider.ts";
import { callerOf, type Requests } from "../commit/requests.ts";
import type { Stats } from "../core/stats.ts";
import type { Machines } from "../core/machines.ts";
import type { Alarms } from "../time/alarms.ts";
import { decodeAll } from "./journal.ts";
import { LiveRun, type Live } from "./live.ts";
import type { Detained, Item, Partition } from "./partition.ts";

const RETRY_MS = 250;

export interface LoaderParts {
  readonly store: Store;
  readonly env: Env;
  readonly stats: Stats;
  readonly machines: Machines;
  readonly partitions: readonly Partition[];
  readonly requests: Requests;
  readonly alarms: Alarms;
  /** The partition has something to do. */
  readonly ready: (partition: Partition) => void;
}

export class Loader {
  readonly #parts: LoaderParts;

  constructor(parts: LoaderParts) {
    this.#parts = parts;
  }

  /** The stream if it is in memory. */
  find(stream: StreamId): Live | undefined {
    return this.#home(stream).lives.get(stream);
  }

  /** The run, if it is in memory and has begun. */
  findRun(runId: RunId): LiveRun | undefined {
    const live = this.find(runStream(runId));
    return live instanceof LiveRun && live.run.spec !== undefined ? live : undefined;
  }

  /** The stream, loaded if need be; a stream that was never written is empty. */
  get(stream: StreamId): Promise<Live> {
    const partition = this.#home(stream);
    const live = partition.lives.get(stream);
    if (live !== undefined) return Promise.resolve(live);
    const broken = partition.broken.get(stream) ?? awayError(partition);
    if (broken !== undefined) return Promise.reject(broken);
    return new Promise((resolve, reject) => {
      this.#summon(partition, stream).readers.push({ resolve, reject });
    });
  }

  /** The stream as it is on disk, whatever the state of its partition; nobody else has it. */
  async peek(stream: StreamId): Promise<Live> {
    return this.#fold(this.#home(stream), stream, await this.#parts.store.read(stream));
  }

  /** Holds the message back until its stream is there. */
  detain(partition: Partition, item: Item): void {
    this.#summon(partition, item.stream).items.push(item);
  }

  /** Starts the loading without a message: a link waits for the stream. */
  summon(partition: Partition, stream: StreamId): void {
    this.#summon(partition, stream);
  }

  /** For recovery: loads the stream whatever the state of the partition. */
  async load(partition: Partition, stream: StreamId): Promise<Live> {
    const { generation } = partition;
    const data = await this.#parts.store.read(stream);
    const live = await this.#fold(partition, stream, data);
    // A read that was slow must not put its old state over that of a later opening.
    if (partition.generation !== generation)
      throw unreadable(stream, "the partition was opened anew");
    if (live instanceof LiveRun && live.isUnderWay) live.lostAt = live.run.seq;
    partition.lives.set(stream, live);
    return live;
  }

  /** The partition is open again: what was asked for meanwhile is handed out or read. */
  resume(partition: Partition): void {
    for (const [stream, { items, readers }] of partition.detained) {
      const live = partition.lives.get(stream);
      if (live === undefined) {
        void this.#read(partition, stream);
        continue;
      }
      partition.detained.delete(stream);
      for (const item of items) partition.resumed.push(item);
      for (const reader of readers) reader.resolve(live);
    }
  }

  failAll(error: Error): void {
    for (const { detained } of this.#parts.partitions) {
      for (const { readers } of detained.values()) {
        for (const reader of readers.splice(0)) reader.reject(error);
      }
    }
  }

  /** Lets go of a stream whose state is in the store. */
  drop(partition: Partition, live: Live): void {
    const { stream } = live;
    partition.lives.delete(stream);
    if (live instanceof LiveRun && live.want !== undefined && live.lostAt > 0) {
      const { lostAt, lostBy } = live;
      partition.lost.set(stream, { lostAt, lostBy });
    }
    this.#parts.alarms.cool(live);
  }

  /** The stream is gone from the store; who waits for it finds it empty. */
  forgotten(partition: Partition, stream: StreamId): void {
    const detained = partition.detained.get(stream);
    if (detained === undefined) return;
    if (detained.items.length + detained.readers.length > 0) {
      this.#arrive(partition, makeLive(this.#parts.machines, stream, partition.number), 0);
      return;
    }
    partition.detained.delete(stream);
    // A link may wait for it: its message stays where it is, and nothing here says so.
    this.#parts.ready(partition);
  }

  #summon(partition: Partition, stream: StreamId): Detained {
    const known = partition.detained.get(stream);
    if (known !== undefined) return known;
    const detained = partition.detain(stream);
    // A partition that is being opened gets its streams from recovery first.
    if (partition.isOpen) void this.#read(partition, stream);
    return detained;
  }

  async #read(partition: Partition, stream: StreamId): Promise<void> {
    const { generation } = partition;
    const { stats, store } = this.#parts;
    stats.loads++;
    try {
      const live = await this.#fold(partition, stream, await store.read(stream));
      if (partition.generation === generation) this.#arrive(partition, live, live.state.seq);
    } catch (error) {
      if (partition.generation === generation) this.#failed(partition, stream, error);
    }
  }

  async #fold(partition: Partition, stream: StreamId, data: StreamData | undefined): Promise<Live> {
    const { machines, store } = this.#parts;
    const live = makeLive(machines, stream, partition.number);
    if (data === undefined) return live;
    const { snapshot } = data;
    const restored = snapshot && (decodeSnapshot(snapshot.data) as object);
    if (restored) Object.assign(live.state, restored);
    const events = await decodeAll(store, stream, data.events, (snapshot?.seq ?? 0) + 1);
    for (const event of events) live.machine.evolve(live.state, event);
    if (live instanceof LiveRun) live.recall(restored ? undefined : (events as RunEvent[]), data);
    live.durable = live.state.seq;
    if (live instanceof LiveRun) forgetful(live);
    live.at = events.at(-1)?.at ?? (live instanceof LiveRun ? live.run.at : 0);
    return live;
  }

  #arrive(partition: Partition, live: Live, settledSeq: number): void {
    const { alarms, ready } = this.#parts;
    const detained = partition.detained.get(live.stream);
    partition.detained.delete(live.stream);
    live.settledSeq = settledSeq;
    Object.assign(live, partition.lost.get(live.stream));
    partition.lost.delete(live.stream);
    partition.lives.set(live.stream, live);
    alarms.warm(partition.number, live.stream);
    alarms.set(live, live.machine.wakeAt(live.state));
    for (const item of detained?.items ?? []) partition.resumed.push(item);
    for (const reader of detained?.readers ?? []) reader.resolve(live);
    ready(partition);
  }

  #failed(partition: Partition, stream: StreamId, cause: unknown): void {
    const { env, requests, ready } = this.#parts;
    const broken = cause instanceof PerdureError && cause.code === "store-corrupt";
    const error = broken ? cause : unreadable(stream, cause);
    env.log("error", error.message, { stream });
    const detained = partition.detained.get(stream);
    // Who is told that it failed must not find it done: only messages without a caller wait on.
    const items = detained?.items.splice(0) ?? [];
    for (const item of items) {
      const caller = callerOf(item.message);
      if (caller === undefined) detained?.items.push(item);
      else requests.fail(caller, error);
    }
    for (const reader of detained?.readers.splice(0) ?? []) reader.reject(error);
    if (broken) {
      partition.broken.set(stream, error);
      partition.detained.delete(stream);
      ready(partition);
      return;
    }
    const { generation } = partition;
    env.after(RETRY_MS, () => {
      if (partition.generation === generation) void this.#read(partition, stream);
    });
  }

  #home(stream: StreamId): Partition {
    const { partitions } = this.#parts;
    return partitions[partitionOf(stream, partitions.length)] as Partition;
  }
}

/** Nothing of the call was applied. */
export function awayError(partition: Partition): PerdureError | undefined {
  if (partition.phase !== "elsewhere") return undefined;
  if (partition.refusal !== undefined) return partition.refusal.reason;
  return new PerdureError(
    "fenced",
    `Partition ${partition.number} is not here, another engine has it: send the call there.`,
  );
}

/** Settled while it could not be activated: nobody remembers whether its code was in the middle. */
function forgetful(live: LiveRun): void {
  if (live.isUnderWay && !wantsActivation(live.run)) live.lostAt = live.run.seq;
}

function unreadable(stream: StreamId, cause: unknown): PerdureError {
  return new PerdureError(
    "unavailable",
    `The store could not read ${stream}: try again, and look at the store if it stays so.`,
    { cause },
  );
}
