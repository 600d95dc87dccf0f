/**
 * The lane of one database: takes what has arrived at its partitions, has it made into batches, and
 * commits them.
 *
 * 1. A commit is closed when the database is free to take it, not on a timer: an idle node commits
 *    at once, a busy one gathers what arrives meanwhile.
 *    Beside other lanes there is one at a time, and it waits for as long as every turn of the event
 *    loop brings something more to do, for some turns: runs that go on together stay together,
 *    whatever is done for other databases in between. One thing alone waits for nothing.
 * 2. It is bounded, so that the next one can be computed while it is written.
 * 3. Partitions have their turns: a busy one goes to the end of the line.
 * 4. What nobody waits for goes with the next commit, or by itself after `limits.patienceMs`.
 * 5. Housekeeping is committed by itself, a little at a time, and when a commit has landed: the store
 *    does it while this thread does what the landed one has caused, and nobody waits for it.
 */
import { invariant, limits, type PerdureError } from "@perdure/kernel";
import type { Partition } from "../streams/partition.ts";
import type { Draft } from "./draft.ts";
import { Flights, type FlightHooks, type FlightParts, type Refused } from "./flights.ts";

/** Turns of the event loop that a commit waits for what is about to arrive. */
const GATHERING_TURNS = 12;

export interface LaneParts extends FlightParts {
  readonly commitsInFlight: number;
}

export interface LaneHooks extends Omit<FlightHooks, "landed"> {
  /** Takes from the partition's queues what fits into one batch. */
  readonly build: (partition: Partition) => Draft;
  readonly hasMore: (partition: Partition) => boolean;
  /** The drafts are on their way to disk. */
  readonly submitted: (drafts: readonly Draft[]) => void;
  /** Makes batches of some of the housekeeping that is due. */
  readonly tidy: () => readonly Draft[];
  /** A turn is over. */
  readonly turned: () => void;
  /** Somebody waits for a later turn. */
  readonly isAwaited: () => boolean;
}

export class Lane {
  readonly #parts: LaneParts;
  readonly #isAlone: boolean;
  #hooks: LaneHooks | undefined;
  #flights: Flights | undefined;
  readonly #ready = new Set<Partition>();
  /** These would be ready, but for something that is not worth a commit of its own. */
  readonly #patient = new Set<Partition>();
  #cancelPatience: (() => void) | undefined;
  #isScheduled = false;
  #isStopped = false;
  /** What has arrived since the last commit, and had in the last turn; turns that were waited. */
  readonly #gathering = { arrived: 0, seen: 0, turns: 0 };

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.#isAlone = parts.store.databases === 1;
  }

  /** Once, before anything is ready. */
  attach(hooks: LaneHooks): void {
    this.#hooks = hooks;
    const landed = (): void => {
      this.#tidy();
      if (this.#ready.size > 0 || hooks.isAwaited()) this.schedule();
    };
    this.#flights = new Flights(this.#parts, { ...hooks, landed });
  }

  /** By partition: since when its oldest commit has been on its way (monotonic ms). */
  oldest(): Iterable<readonly [partition: number, since: number]> {
    return this.#flights?.oldest() ?? [];
  }

  get commitsInFlight(): number {
    return this.#flights?.storing ?? 0;
  }

  /** What the database has refused of late. */
  get refused(): Refused | undefined {
    return this.#flights?.refused;
  }

  /** Nothing has arrived that is not in a batch. */
  get isQuiet(): boolean {
    return this.#ready.size + this.#patient.size === 0;
  }

  ready(partition: Partition): void {
    this.#gathering.arrived++;
    this.#ready.add(partition);
    this.schedule();
  }

  readyLater(partition: Partition): void {
    this.#patient.add(partition);
    this.#cancelPatience ??= this.#parts.env.after(limits.patienceMs, () => {
      this.#hurry();
      this.schedule();
    });
  }

  /** Resolves when all that has been decided so far is durable. */
  barrier(): Promise<void> {
    return this.#attached().flights.barrier();
  }

  /** Nobody here waits any longer for what is on its way. */
  abandon(): void {
    this.#attached().flights.abandon();
  }

  stop(error: PerdureError): void {
    this.#isStopped = true;
    this.#hurry();
    this.#ready.clear();
    this.#flights?.stop(error);
  }

  schedule(): void {
    if (this.#isScheduled || !this.#isFree) return;
    this.#isScheduled = true;
    this.#parts.env.defer(this.#turn);
  }

  get #isFree(): boolean {
    const most = this.#isAlone ? this.#parts.commitsInFlight : 1;
    return !this.#isStopped && this.commitsInFlight < most;
  }

  readonly #turn = (): void => {
    if (this.#isGathering()) return this.#parts.env.defer(this.#turn);
    this.#isScheduled = false;
    if (!this.#isFree) return;
    const { hooks, flights } = this.#attached();
    if (this.#ready.size > 0) this.#hurry();
    try {
      const drafts = this.#build(hooks);
      if (drafts.length > 0) {
        for (const some of this.#together(drafts)) flights.submit(some);
        hooks.submitted(drafts);
      } else this.#tidy();
      hooks.turned();
      if (this.#ready.size > 0) this.schedule();
    } catch (error) {
      hooks.stop(error instanceof Error ? error : new Error(String(error)));
    }
  };

  /** More has arrived since the last turn. */
  #isGathering(): boolean {
    if (this.#isAlone) return false;
    const gathering = this.#gathering;
    const { arrived, seen } = gathering;
    if (arrived > Math.max(1, seen) && gathering.turns < GATHERING_TURNS) {
      gathering.seen = arrived;
      gathering.turns++;
      return true;
    }
    gathering.arrived = gathering.seen = gathering.turns = 0;
    return false;
  }

  #hurry(): void {
    this.#cancelPatience?.();
    this.#cancelPatience = undefined;
    for (const partition of this.#patient) this.#ready.add(partition);
    this.#patient.clear();
  }

  #tidy(): void {
    const { hooks, flights } = this.#attached();
    if (this.#isStopped || flights.isTidying) return;
    const drafts = hooks.tidy();
    for (const some of this.#together(drafts)) flights.submit(some, true);
  }

  /** Those that share a commit. */
  #together(drafts: readonly Draft[]): readonly (readonly Draft[])[] {
    if (drafts.length === 0) return [];
    return this.#parts.store.commitsApart === true ? drafts.map((draft) => [draft]) : [drafts];
  }

  #build({ build, hasMore }: LaneHooks): Draft[] {
    const drafts: Draft[] = [];
    let messages = 0;
    for (const partition of Array.from(this.#ready)) {
      if (messages >= limits.commitMessages) break;
      this.#ready.delete(partition);
      if (!partition.isOpen) continue;
      const draft = build(partition);
      if (draft.isWanted) drafts.push(draft);
      messages += draft.messages;
      if (hasMore(partition)) this.#ready.add(partition);
    }
    return drafts;
  }

  #attached(): { readonly hooks: LaneHooks; readonly flights: Flights } {
    invariant(this.#hooks && this.#flights, "the pump runs before its hooks are attached");
    return { hooks: this.#hooks, flights: this.#flights };
  }
}
