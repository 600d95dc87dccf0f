/**
 * Housekeeping that rides along in later batches: index rows, and streams put to rest.
 *
 * T1  Rows trail by at most `tidyMs`, and what changes twice meanwhile is written once. Partitions
 *     have their turns, so that no commit is long for what all of them have to be tidied of.
 * T2  Only a stream that nobody needs now is settled: all its events durable, no call, no hold but
 *     a parked one. What it waits for is in its alarm and in `hasWork`.
 * T3  A settled stream leaves memory when its settling is durable and nothing has come meanwhile.
 * T4  A run that waits for a worker and for nothing else leaves memory without being settled: it
 *     would be read at the next start in any case, and its entry in the matcher stays.
 */
import { rowOf, running, wantsActivation, work } from "@perdure/kernel";
import { limits } from "@perdure/kernel";
import { encodeSnapshot, type Settled } from "@perdure/store";
import type { Draft } from "../commit/draft.ts";
import type { Tuning } from "../core/options.ts";
import type { Stats } from "../core/stats.ts";
import type { Env } from "../env.ts";
import type { Alarms } from "../time/alarms.ts";
import type { Leases } from "../workers/leases.ts";
import type { Loader } from "./loader.ts";
import { LiveRun, type Live } from "./live.ts";
import type { Partition } from "./partition.ts";
import type { Retention } from "./retention.ts";

/** Partitions are tidied in so many turns. */
const TURNS = 8;

export interface TidyParts {
  readonly env: Env;
  readonly stats: Stats;
  readonly tuning: Tuning;
  readonly partitions: readonly Partition[];
  readonly loader: Loader;
  readonly leases: Leases;
  readonly alarms: Alarms;
  readonly retention: Retention;
  readonly ready: (partition: Partition) => void;
  /** Resolves when all that is decided until the condition holds is durable. */
  readonly written: (done: () => boolean) => Promise<void>;
}

export class Tidy {
  readonly #parts: TidyParts;
  /** Streams that a partition may keep in memory. */
  readonly #room: number;
  readonly #turns: number;
  /** The next, and how many there are to come. */
  #turn = 0;
  #turnsLeft = 0;
  #isSweeping = false;
  #isStopped = false;

  constructor(parts: TidyParts) {
    this.#parts = parts;
    this.#room = Math.ceil(parts.tuning.liveStreams / parts.partitions.length);
    this.#turns = Math.min(TURNS, parts.partitions.length);
  }

  /** The run's row has changed. */
  unlisted(partition: Partition, live: LiveRun): void {
    if (!live.isUnlisted) partition.unlisted.push(live);
    live.isUnlisted = true;
    this.#arm();
  }

  /** At opening: a run that only waits for a worker stays in memory where there is room. */
  crowd(partition: Partition, live: Live): void {
    if (partition.lives.size > this.#room && isQueued(live)) this.#drop(partition, live);
  }

  /** Nothing more is expected of the stream. */
  cooling(partition: Partition, live: Live): void {
    chill(partition, live);
    this.#arm();
  }

  /** The partition may have streams in memory: they are looked through now and then. */
  look(partition: Partition): void {
    if (partition.lives.size > this.#room) this.#arm();
    if (partition.lives.size > 0) this.#sweepLater();
  }

  #sweepLater(): void {
    if (this.#isSweeping || this.#isStopped) return;
    this.#isSweeping = true;
    this.#parts.env.after(this.#parts.tuning.idleMs / 2, this.#sweepIdle);
  }

  /** The next batches take everything along. */
  all(): void {
    for (const partition of this.#parts.partitions) this.#tidy(partition);
  }

  #tidy(partition: Partition): void {
    if (!isUntidy(partition)) return;
    partition.tidy = true;
    this.#parts.ready(partition);
  }

  /** Resolves when everything that was due at the call is durable. */
  flush(): Promise<void> {
    this.all();
    const { partitions, written } = this.#parts;
    return written(() => !partitions.some(({ tidy, phase }) => tidy && phase !== "elsewhere"));
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Adds to the batch what is due. */
  addTo(draft: Draft): void {
    const { partition } = draft;
    if (!partition.tidy) return;
    partition.tidy = false;
    this.#list(draft);
    this.#settle(draft);
    if (partition.unlisted.length > 0) partition.tidy = true;
  }

  /** The batch is durable. */
  released(draft: Draft): void {
    const { loader, stats } = this.#parts;
    const { partition } = draft;
    for (const { live, seq } of draft.cooled) {
      stats.settled++;
      if (live.state.seq !== seq) continue;
      live.settledSeq = seq;
      if (partition.lives.get(live.stream) === live && this.#isIdle(live))
        this.#drop(partition, live);
    }
    for (const live of draft.forgotten) loader.forgotten(partition, live.stream);
  }

  #list(draft: Draft): void {
    const { unlisted } = draft.partition;
    while (draft.rows.length < limits.batchRows) {
      const live = unlisted.shift();
      if (live === undefined) return;
      live.isUnlisted = false;
      const row = rowOf(live.run);
      if (row === undefined) continue;
      const { closedAt, expiresAt = expiry(closedAt, this.#parts.tuning.retentionMs) } = row;
      draft.rows.push(expiresAt === undefined ? row : { ...row, expiresAt });
      if (expiresAt !== undefined) this.#parts.retention.noted(expiresAt);
    }
  }

  #settle(draft: Draft): void {
    const { partition } = draft;
    while (draft.cooled.length < limits.batchRows) {
      const live = partition.cooling.shift();
      if (live === undefined) return;
      live.isCooling = false;
      if (partition.lives.get(live.stream) !== live) continue;
      if (live.touchedBy === draft.mark || !this.#isIdle(live)) continue;
      if (live.settledSeq === live.state.seq || isQueued(live)) this.#drop(partition, live);
      else if (live.machine.isEmpty(live.state)) this.#forget(draft, live);
      else draft.cooled.push({ live, seq: live.state.seq, settled: settledOf(live) });
    }
    if (partition.cooling.length > 0) this.#arm();
  }

  #forget(draft: Draft, live: Live): void {
    const { partition } = draft;
    partition.lives.delete(live.stream);
    this.#parts.alarms.drop(live);
    if (live.state.seq === 0) return;
    // Its next message has to wait until the store has forgotten its past.
    partition.detain(live.stream);
    draft.forgotten.push(live);
  }

  #drop(partition: Partition, live: Live): void {
    if (live instanceof LiveRun) this.#parts.leases.rest(live);
    this.#parts.loader.drop(partition, live);
  }

  #isIdle(live: Live): boolean {
    if (live.durable !== live.state.seq) return false;
    if (!(live instanceof LiveRun)) return true;
    const { hold, calls, lostAt, run } = live;
    if (calls.length > 0) return false;
    if (lostAt > 0 && wantsActivation(run) && !isQueued(live)) return false;
    return hold === undefined || hold.isParked;
  }

  /** Each partition has a turn from now on. */
  #arm(): void {
    const isResting = this.#turnsLeft === 0;
    this.#turnsLeft = this.#turns;
    if (isResting && !this.#isStopped) this.#nextTurn();
  }

  #nextTurn(): void {
    const { env, tuning, partitions } = this.#parts;
    env.after(tuning.tidyMs / this.#turns, () => {
      if (this.#isStopped) return;
      for (let i = this.#turn; i < partitions.length; i += this.#turns) {
        const partition = partitions[i] as Partition;
        this.#sweepFull(partition);
        this.#tidy(partition);
      }
      this.#turn = (this.#turn + 1) % this.#turns;
      if (--this.#turnsLeft > 0) this.#nextTurn();
    });
  }

  /** More streams than there is room for: the coldest go. */
  #sweepFull(partition: Partition): void {
    let excess = partition.lives.size - partition.cooling.length - this.#room;
    if (excess <= 0) return;
    for (const live of partition.lives.values()) {
      if (excess <= 0) break;
      if (live.warm) live.warm = false;
      else if (this.#isIdle(live)) {
        chill(partition, live);
        excess--;
      }
    }
  }

  readonly #sweepIdle = (): void => {
    this.#isSweeping = false;
    if (this.#isStopped) return;
    let left = 0;
    for (const partition of this.#parts.partitions) {
      for (const live of partition.lives.values()) {
        if (live.warm || !this.#isIdle(live)) left++;
        else this.cooling(partition, live);
        live.warm = false;
      }
    }
    if (left > 0) this.#sweepLater();
  };
}

function isUntidy({ unlisted, cooling }: Partition): boolean {
  return unlisted.length + cooling.length > 0;
}

function chill(partition: Partition, live: Live): void {
  if (!live.isCooling) partition.cooling.push(live);
  live.isCooling = true;
}

/** What the store keeps beside the stream's events. */
function settledOf(live: Live): Settled {
  const { stream, machine, state } = live;
  const alarm = machine.wakeAt(state);
  const isLong = !(live instanceof LiveRun) || state.seq > limits.snapshotEvents;
  return {
    stream,
    hasWork: live instanceof LiveRun && hasWork(live),
    ...(alarm === undefined ? {} : { alarm }),
    ...(isLong ? { snapshot: { seq: state.seq, data: encodeSnapshot(state) } } : {}),
  };
}

/** T4. */
function isQueued(live: Live): boolean {
  if (!(live instanceof LiveRun) || live.want === undefined) return false;
  return live.machine.wakeAt(live.state) === undefined;
}

function hasWork({ run }: LiveRun): boolean {
  if (run.outcome !== undefined) return false;
  const { activation, tasks } = work(run);
  return activation || tasks.length > 0 || running(run).length > 0;
}

function expiry(closedAt: number | undefined, retentionMs: number): number | undefined {
  return closedAt === undefined ? undefined : closedAt + retentionMs;
}
