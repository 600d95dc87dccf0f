/**
 * The pump: takes what has arrived at the partitions, has it made into batches, and commits them.
 *
 * 1. A commit is closed when the store is free to take it, not on a timer: an idle node commits at
 *    once, a busy one gathers what arrives meanwhile.
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

export interface PumpParts extends FlightParts {
  readonly commitsInFlight: number;
}

export interface PumpHooks extends Omit<FlightHooks, "landed"> {
  /** Takes from the partition's queues what fits into one batch. */
  readonly build: (partition: Partition) => Draft;
  readonly hasMore: (partition: Partition) => boolean;
  /** The drafts are on their way to disk. */
  readonly submitted: (drafts: readonly Draft[]) => void;
  /** Makes batches of some of the housekeeping that is due. */
  readonly tidy: () => readonly Draft[];
}

interface Expected {
  readonly done: () => boolean;
  readonly resolve: () => unknown;
  readonly reject: (error: PerdureError) => void;
}

export class Pump {
  readonly #parts: PumpParts;
  #hooks: PumpHooks | undefined;
  #flights: Flights | undefined;
  readonly #ready = new Set<Partition>();
  /** These would be ready, but for something that is not worth a commit of its own. */
  readonly #patient = new Set<Partition>();
  #cancelPatience: (() => void) | undefined;
  readonly #expected: Expected[] = [];
  #isScheduled = false;
  #isStopped = false;

  constructor(parts: PumpParts) {
    this.#parts = parts;
  }

  /** Once, before anything is ready. */
  attach(hooks: PumpHooks): void {
    this.#hooks = hooks;
    const landed = (): void => {
      this.#tidy();
      if (this.#ready.size + this.#expected.length > 0) this.#schedule();
    };
    this.#flights = new Flights(this.#parts, { ...hooks, landed });
  }

  get commitsInFlight(): number {
    return this.#flights?.storing ?? 0;
  }

  /** What the store has refused of late. */
  get refused(): Refused | undefined {
    return this.#flights?.refused;
  }

  /** Nothing has arrived that is not in a batch. */
  get isQuiet(): boolean {
    return this.#ready.size + this.#patient.size === 0;
  }

  /** The partition has something to do. */
  readonly ready = (partition: Partition): void => {
    this.#ready.add(partition);
    this.#schedule();
  };

  /** The partition has something to do that goes with the next commit. */
  readonly readyLater = (partition: Partition): void => {
    this.#patient.add(partition);
    this.#cancelPatience ??= this.#parts.env.after(limits.patienceMs, () => {
      this.#hurry();
      this.#schedule();
    });
  };

  /** Housekeeping is due. */
  readonly untidy = (): void => this.#schedule();

  /** Resolves when all that has been decided so far is durable. */
  barrier(): Promise<void> {
    return this.#attached().flights.barrier();
  }

  /** The same, from the turn on after which `done` holds. */
  barrierWhen(done: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#expected.push({ done, resolve: () => this.barrier().then(resolve, reject), reject });
    this.#schedule();
    return promise;
  }

  stop(error: PerdureError): void {
    this.#isStopped = true;
    this.#hurry();
    this.#ready.clear();
    for (const { reject } of this.#expected.splice(0)) reject(error);
    this.#flights?.stop(error);
  }

  #schedule(): void {
    if (this.#isScheduled || !this.#isFree) return;
    this.#isScheduled = true;
    this.#parts.env.defer(this.#turn);
  }

  get #isFree(): boolean {
    return !this.#isStopped && this.commitsInFlight < this.#parts.commitsInFlight;
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    if (!this.#isFree) return;
    const { hooks, flights } = this.#attached();
    if (this.#ready.size > 0) this.#hurry();
    try {
      const drafts = this.#build(hooks);
      if (drafts.length > 0) {
        flights.submit(drafts);
        hooks.submitted(drafts);
      } else this.#tidy();
      this.#raise();
      if (this.#ready.size > 0) this.#schedule();
    } catch (error) {
      hooks.stop(error instanceof Error ? error : new Error(String(error)));
    }
  };

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
    if (drafts.length > 0) flights.submit(drafts, true);
  }

  #build({ build, hasMore }: PumpHooks): Draft[] {
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

  #raise(): void {
    for (const expected of this.#expected.splice(0)) {
      if (expected.done()) expected.resolve();
      else this.#expected.push(expected);
    }
  }

  #attached(): { readonly hooks: PumpHooks; readonly flights: Flights } {
    invariant(this.#hooks && this.#flights, "the pump runs before its hooks are attached");
    return { hooks: this.#hooks, flights: this.#flights };
  }
}
