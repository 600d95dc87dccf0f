/**
 * Housekeeping, in batches of its own: index rows, and streams put to rest.
 *
 * T1  Rows trail by at most `tidyMs`, and what changes twice meanwhile is written once; a run that is
 *     closed changes no more, and goes as soon as it is worth a commit. What was named first goes
 *     first, whatever its partition: neighbours in time are neighbours in the store's tables, so that
 *     a commit changes few pages of them.
 * T2  Only a stream that nobody needs now is settled: all its events durable, no call, no hold but
 *     a parked one. What it waits for is in its alarm and in `hasWork`.
 * T3  A settled stream leaves memory when its settling is durable and nothing has come meanwhile.
 * T4  A run that waits for a worker and for nothing else leaves memory without being settled: it
 *     would be read at the next start in any case, and its entry in the matcher stays.
 */
import { limits, rowOf, wantsActivation } from "@perdure/kernel";
import type { Draft } from "../commit/draft.ts";
import type { Tuning } from "../core/options.ts";
import type { Stats } from "../core/stats.ts";
import type { Env } from "../env.ts";
import type { Alarms } from "../time/alarms.ts";
import type { Leases } from "../workers/leases.ts";
import { Due, type Named } from "./due.ts";
import type { Loader } from "./loader.ts";
import { LiveRun, type Live } from "./live.ts";
import type { Partition } from "./partition.ts";
import type { Retention } from "./retention.ts";
import { settledOf } from "./settled.ts";

/** What is named within one of these parts of `tidyMs` is due together. */
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
  readonly databases: number;
  /** Something is due in the database. */
  readonly untidy: (database: number) => void;
  /** Resolves when all that is decided until the condition holds is durable. */
  readonly written: (done: () => boolean) => Promise<void>;
}

export class Tidy {
  readonly #parts: TidyParts;
  /** Streams that a partition may keep in memory. */
  readonly #room: number;
  /** By the turn in which they were named. */
  readonly #named: Named[][] = Array.from({ length: TURNS }, () => []);
  /** By database. */
  readonly #due: readonly Due[];
  /** Of partitions that are not open yet. */
  readonly #early: Named[] = [];
  /** The turn under way, and how many there are to come. */
  #turn = 0;
  #turnsLeft = 0;
  #isSweeping = false;
  #isStopped = false;

  constructor(parts: TidyParts) {
    this.#parts = parts;
    this.#room = Math.ceil(parts.tuning.liveStreams / parts.partitions.length);
    this.#due = Array.from({ length: parts.databases }, () => new Due());
  }

  /** The run's row has changed. */
  unlisted({ generation }: Partition, live: LiveRun): void {
    if (!live.isUnlisted && !live.isCooling) this.#named[this.#turn]?.push({ live, generation });
    live.isUnlisted = true;
    this.#arm();
  }

  /** At opening: a run that only waits for a worker stays in memory where there is room. */
  crowd(partition: Partition, live: Live): void {
    const isFull = partition.lives.size - partition.cooling > this.#room;
    if (isFull && isQueued(live)) this.cooling(partition, live);
  }

  /** Nothing more is expected of the stream. */
  cooling(partition: Partition, live: Live): void {
    if (live.isCooling) return;
    live.isCooling = true;
    partition.cooling++;
    const due = this.#dueOf(live);
    due?.push({ live, generation: partition.generation });
    if (due?.isWorthACommit === true) this.#parts.untidy(partition.database);
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

  #ripen(turn: number): void {
    for (const named of this.#named[turn]?.splice(0) ?? []) this.#dueOf(named.live)?.push(named);
    for (const [database, due] of this.#due.entries()) {
      if (due.ripen()) this.#parts.untidy(database);
    }
  }

  #dueOf({ home }: Live): Due | undefined {
    return this.#due[this.#parts.partitions[home]?.database ?? 0];
  }

  /** Resolves when everything that was named until the call is durable. */
  flush(): Promise<void> {
    for (let i = 1; i <= TURNS; i++) this.#ripen((this.#turn + i) % TURNS);
    const expected = this.#due.map((due) => due.expected());
    return this.#parts.written(
      () => this.#early.length === 0 && expected.every((isDone) => isDone()),
    );
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Some of what is due in the database, as batches; more of it when much has gathered. */
  some(database: number, begin: (partition: Partition) => Draft): Draft[] {
    const due = this.#due[database];
    if (due?.isRipe !== true) return [];
    const drafts = new Map<Partition, Draft>();
    const most = Math.max(limits.tidyStreams, Math.ceil(due.length / 4));
    // What needs nothing any more does not count: who awaits the rest is not woken by an empty batch.
    for (let left = most; left > 0;) {
      const named = due.take();
      if (named === undefined) break;
      const { live, generation } = named;
      const partition = this.#parts.partitions[live.home];
      const isNeeded = live.isUnlisted || live.isCooling;
      if (!isNeeded || partition?.generation !== generation) continue;
      if (!partition.isOpen) {
        if (partition.phase === "opening") this.#wait(named);
        continue;
      }
      const draft = drafts.get(partition) ?? begin(partition);
      drafts.set(partition, draft);
      this.#tidy(draft, live);
      if (draft.isDurable) left--;
    }
    return [...drafts.values()].filter(({ isDurable }) => isDurable);
  }

  #wait(named: Named): void {
    this.#early.push(named);
    this.#arm();
  }

  #tidy(draft: Draft, live: Live): void {
    const { isUnlisted, isCooling } = live;
    live.isUnlisted = live.isCooling = false;
    if (isUnlisted && live instanceof LiveRun) this.#list(draft, live);
    if (!isCooling) return;
    draft.partition.cooling--;
    this.#settle(draft, live);
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

  #list(draft: Draft, { run, isPurged }: LiveRun): void {
    const row = rowOf(run);
    if (row === undefined) return;
    const { closedAt } = row;
    const { expiresAt: asked = expiry(closedAt, this.#parts.tuning.retentionMs) } = row;
    const expiresAt = isPurged ? closedAt : asked;
    draft.rows.push(expiresAt === undefined ? row : { ...row, expiresAt });
    if (expiresAt !== undefined) this.#parts.retention.noted(expiresAt);
  }

  #settle(draft: Draft, live: Live): void {
    const { partition } = draft;
    if (partition.lives.get(live.stream) !== live || !this.#isIdle(live)) return;
    if (live.settledSeq === live.state.seq || isQueued(live)) this.#drop(partition, live);
    else if (live.machine.isEmpty(live.state)) this.#forget(draft, live);
    else draft.cooled.push({ live, seq: live.state.seq, settled: settledOf(live) });
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

  /** All turns are to come, from the next on. */
  #arm(): void {
    const isResting = this.#turnsLeft === 0;
    this.#turnsLeft = TURNS;
    if (isResting && !this.#isStopped) this.#nextTurn();
  }

  #nextTurn(): void {
    const { env, tuning, partitions } = this.#parts;
    env.after(tuning.tidyMs / TURNS, () => {
      if (this.#isStopped) return;
      this.#turn = (this.#turn + 1) % TURNS;
      for (let i = this.#turn; i < partitions.length; i += TURNS) {
        this.#sweepFull(partitions[i] as Partition);
      }
      for (const named of this.#early.splice(0)) this.#dueOf(named.live)?.push(named);
      this.#ripen(this.#turn);
      if (--this.#turnsLeft > 0) this.#nextTurn();
    });
  }

  /** More streams than there is room for: the coldest go. */
  #sweepFull(partition: Partition): void {
    let excess = partition.lives.size - partition.cooling - this.#room;
    if (excess <= 0) return;
    for (const live of partition.lives.values()) {
      if (excess <= 0) break;
      if (live.warm) live.warm = false;
      else if (this.#isIdle(live)) {
        this.cooling(partition, live);
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

/** T4. */
function isQueued(live: Live): boolean {
  if (!(live instanceof LiveRun) || live.want === undefined) return false;
  return live.machine.wakeAt(live.state) === undefined;
}

function expiry(closedAt: number | undefined, retentionMs: number): number | undefined {
  return closedAt === undefined ? undefined : closedAt + retentionMs;
}
