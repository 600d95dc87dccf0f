/**
 * Commits on their way to one database, and what becomes of them.
 *
 * 1. What a batch causes is released after the batch is durable, and after everything that earlier
 *    batches caused (invariant 1): answers of the store are handled in the order of the commits.
 * 2. While commits are on their way, the next is computed; when one fails, those after it that
 *    share a partition with it were computed on sand: they are void with it.
 * 3. What an engine had on its way when it let go of a partition is neither carried out nor said
 *    to have failed: its next owner knows what became of it.
 * 4. A commit is never tried again. After `unknown` the store is asked what became of it, and
 *    until it says so the commit counts as on its way.
 */
import { invariant, PerdureError } from "@perdure/kernel";
import type { CommitResult, Store } from "@perdure/store";
import type { Stats } from "../core/stats.ts";
import type { Env } from "../env.ts";
import type { Partition } from "../streams/partition.ts";
import type { Draft } from "./draft.ts";

/** How long to wait before the store is asked again what became of a commit. */
const ASK_AGAIN_MS = 100;
/** A refusal is told of for so long after the store has taken another commit. */
const REMEMBERED_MS = 60_000;

export interface FlightParts {
  readonly store: Store;
  readonly env: Env;
  readonly stats: Stats;
  readonly refusalsToStop: number;
}

export interface FlightHooks {
  readonly release: (draft: Draft) => void;
  /** The draft is void, for this reason. */
  readonly void: (draft: Draft, reason: PerdureError) => void;
  /** The partition's memory is void, and none of its commits is on its way any more. */
  readonly reopen: (partition: Partition, fenced: boolean) => void;
  /** The database refuses again and again. */
  readonly refusing: (reason: PerdureError) => void;
  /** An invariant is broken. */
  readonly stop: (reason: Error) => void;
  /** The store is free to take another commit. */
  readonly landed: () => void;
}

/** Commits that the store has refused of late. Times in ms since epoch. */
export interface Refused {
  readonly since: number;
  readonly lastAt: number;
  /** Of the last one. */
  readonly reason: string;
  readonly refusals: number;
  /** It has taken one since: it does not refuse everything. */
  readonly isTaking: boolean;
}

interface Barrier {
  readonly resolve: () => void;
  readonly reject: (error: PerdureError) => void;
  /** Commits refused before it was raised. */
  readonly refusals: number;
}

type Refusal = Extract<CommitResult, { type: "fenced" | "failed" }>;

/** A commit on its way, or something that only has to wait for those before it. */
interface Flight {
  readonly drafts: readonly Draft[];
  readonly barrier: Barrier | undefined;
  /** Housekeeping. */
  readonly isTidy: boolean;
  readonly since: number;
  result: CommitResult | undefined;
  isAsking: boolean;
}

const onTheGround = {
  drafts: [],
  barrier: undefined,
  isTidy: false,
  result: undefined,
  isAsking: false,
} as const satisfies Partial<Flight>;

export class Flights {
  readonly #parts: FlightParts;
  readonly #hooks: FlightHooks;
  readonly #flights: Flight[] = [];
  /** Partitions whose memory is void, until they are reopened. */
  readonly #broken = new Map<Partition, { fenced: boolean }>();
  #storing = 0;
  #tidying = 0;
  /** Commits refused in all, and since the last that was not. */
  #refusals = 0;
  #refusalsInRow = 0;
  #trouble: Refused | undefined;
  #isStopped = false;

  constructor(parts: FlightParts, hooks: FlightHooks) {
    this.#parts = parts;
    this.#hooks = hooks;
  }

  /** Commits that the store has not decided about, but for housekeeping. */
  get storing(): number {
    return this.#storing;
  }

  /** The store has some housekeeping that it has not decided about. */
  get isTidying(): boolean {
    return this.#tidying > 0;
  }

  get refused(): Refused | undefined {
    const trouble = this.#trouble;
    if (trouble?.isTaking !== true) return trouble;
    return this.#parts.env.now() - trouble.lastAt < REMEMBERED_MS ? trouble : undefined;
  }

  /** Resolves when all that has been decided so far is durable. */
  barrier(): Promise<void> {
    if (this.#flights.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const barrier = { resolve, reject, refusals: this.#refusals };
      this.#fly({ barrier, result: { type: "done" } });
    });
  }

  /**
   * The partitions have left this engine while nobody knows when the database will answer: whoever
   * waits for something on its way hears so. What becomes of it is handled as ever.
   */
  abandon(): void {
    for (const { drafts, barrier } of this.#flights) {
      for (const draft of drafts) this.#hooks.void(draft, leftError());
      barrier?.reject(leftError());
    }
  }

  /** By partition: since when its oldest commit has been on its way (monotonic ms). */
  *oldest(): Generator<readonly [partition: number, since: number]> {
    const seen = new Set<number>();
    for (const { drafts, since } of this.#flights) {
      for (const { partition } of drafts) {
        if (seen.has(partition.number)) continue;
        seen.add(partition.number);
        yield [partition.number, since];
      }
    }
  }

  stop(error: PerdureError): void {
    this.#isStopped = true;
    for (const { barrier } of this.#flights.splice(0)) barrier?.reject(error);
  }

  /** Hands the batches to the store, or what they cause to those before them. */
  submit(drafts: readonly Draft[], isTidy = false): void {
    const { store, stats } = this.#parts;
    const durable = drafts.filter((draft) => draft.isDurable);
    for (const { partition } of drafts) partition.inFlight++;
    if (durable.length === 0) {
      this.#fly({ drafts, result: { type: "done" } });
      return this.#land();
    }
    const flight = this.#fly({ drafts, isTidy });
    if (isTidy) this.#tidying++;
    else this.#storing++;
    stats.commits++;
    for (const draft of durable) {
      stats.batches++;
      stats.events += draft.events;
      stats.bytes += draft.bytes;
      stats.messages += draft.messages;
    }
    const batches = durable.map((draft) => draft.batch(draft.partition.nextBatch++));
    store.commit(batches).then(
      (result) => this.#answer(flight, result),
      (error: unknown) => this.#answer(flight, { type: "unknown", reason: String(error) }),
    );
  }

  #fly(what: Partial<Flight>): Flight {
    const since = this.#parts.env.monotonic();
    const flight: Flight = { ...onTheGround, since, ...what };
    this.#flights.push(flight);
    return flight;
  }

  #answer(flight: Flight, result: CommitResult): void {
    const { env, stats } = this.#parts;
    const took = env.monotonic() - flight.since;
    stats.commitMs += took;
    stats.longestCommitMs = Math.max(stats.longestCommitMs, took);
    if (result.type !== "unknown") this.#stored(flight);
    flight.result = result;
    this.#land();
  }

  #stored({ isTidy }: Flight): void {
    if (isTidy) this.#tidying--;
    else this.#storing--;
  }

  /** Handles the answers that are there, in order, up to the first that is not. */
  #land(): void {
    try {
      for (;;) {
        const flight = this.#flights[0];
        if (this.#isStopped || flight?.result === undefined) break;
        if (flight.result.type === "unknown") {
          this.#ask(flight, flight.result.reason);
          break;
        }
        this.#flights.shift();
        this.#conclude(flight, flight.result);
      }
      this.#hooks.landed();
    } catch (error) {
      this.#hooks.stop(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #conclude(flight: Flight, result: Exclude<CommitResult, { type: "unknown" }>): void {
    const error = result.type === "done" ? undefined : this.#refused(flight, result);
    for (const draft of flight.drafts) {
      const { partition, generation } = draft;
      partition.inFlight--;
      // A draft that had nothing to write was not refused, whatever became of the others.
      const isGood = error === undefined || !draft.isDurable;
      if (isGood && generation === partition.generation) this.#hooks.release(draft);
      else if (isGood && partition.phase === "elsewhere") this.#hooks.void(draft, leftError());
      else this.#fail(draft, error);
    }
    const { barrier } = flight;
    if (barrier?.refusals === this.#refusals) barrier.resolve();
    else barrier?.reject(overtaken());
    if (error === undefined && flight.drafts.length > 0) this.#refusalsInRow = 0;
    if (error === undefined && flight.drafts.some((draft) => draft.isDurable)) {
      this.#taken();
    }
    this.#reopen();
  }

  #refused(flight: Flight, result: Refusal): PerdureError {
    const { stats, env, refusalsToStop } = this.#parts;
    const reason =
      result.type === "failed"
        ? result.reason
        : `another engine has taken over partition ${result.partition}.`;
    stats.failedCommits++;
    this.#refusals++;
    this.#trouble = refusedAgain(this.refused, env.now(), reason);
    env.log("error", `the store refused a commit: ${reason}`);
    const text = `Nothing of this call was applied, the store refused it: ${reason} Try again.`;
    const error = new PerdureError(result.type === "fenced" ? "fenced" : "store-failed", text);
    if (result.type === "fenced") this.#fence(flight, result.partition);
    else if (++this.#refusalsInRow >= refusalsToStop) {
      this.#refusalsInRow = 0;
      this.#hooks.refusing(error);
    }
    return error;
  }

  #taken(): void {
    this.#trouble = this.refused && { ...this.refused, isTaking: true };
  }

  /** It is not to be opened again; the others in the commit are, if nobody has taken them. */
  #fence(flight: Flight, number: number): void {
    const draft = flight.drafts.find(({ partition }) => partition.number === number);
    if (draft?.generation === draft?.partition.generation && draft !== undefined) {
      this.#break(draft.partition).fenced = true;
    }
  }

  #fail(draft: Draft, error: PerdureError | undefined): void {
    const { partition } = draft;
    const isOvertaken = draft.generation !== partition.generation;
    invariant(
      error !== undefined || !isOvertaken || !draft.isDurable,
      `the store took batch ${draft.number} of partition ${partition.number} without the one before`,
    );
    if (!isOvertaken) this.#break(partition);
    this.#hooks.void(draft, error ?? overtaken());
  }

  /** From now on what was computed for the partition is void. */
  #break(partition: Partition): { fenced: boolean } {
    const known = this.#broken.get(partition);
    if (known !== undefined) return known;
    const broken = { fenced: false };
    this.#broken.set(partition, broken);
    partition.phase = "opening";
    partition.generation++;
    return broken;
  }

  #reopen(): void {
    for (const [partition, { fenced }] of this.#broken) {
      if (partition.inFlight > 0) continue;
      this.#broken.delete(partition);
      this.#hooks.reopen(partition, fenced);
    }
  }

  #ask(flight: Flight, reason: string): void {
    if (flight.isAsking) return;
    flight.isAsking = true;
    const { env, stats } = this.#parts;
    const first = flight.drafts.find((draft) => draft.isDurable);
    invariant(first, "a commit without a batch has no outcome");
    stats.unknownCommits++;
    env.log("warn", `the store does not know what became of a commit and is asked: ${reason}`);
    void this.#resolve(flight, first, reason);
  }

  async #resolve(flight: Flight, draft: Draft, reason: string): Promise<void> {
    const { partition, number, epoch } = draft;
    const { store, env } = this.#parts;
    try {
      const outcome = await store.outcome(partition.number, number, epoch);
      flight.result = outcome === "applied" ? { type: "done" } : { type: "failed", reason };
      flight.isAsking = false;
      this.#stored(flight);
      this.#land();
    } catch {
      env.after(ASK_AGAIN_MS, () => {
        flight.isAsking = false;
        this.#land();
      });
    }
  }
}

function leftError(): PerdureError {
  const text =
    "The partition left this node while the call was on its way to disk: it may have been " +
    "applied. Look before you call again.";
  return new PerdureError("unavailable", text);
}

function overtaken(): PerdureError {
  const text = "Nothing of this call was applied: a commit before it failed. Try again.";
  return new PerdureError("store-failed", text);
}

function refusedAgain(before: Refused | undefined, now: number, reason: string): Refused {
  const { since = now, refusals = 0 } = before ?? {};
  return { since, lastAt: now, reason, refusals: refusals + 1, isTaking: false };
}
