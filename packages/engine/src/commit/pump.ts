/**
 * The pump: commits what arrives at the partitions, in a lane for each database of the store.
 *
 * 1. Lanes wait for nobody: a database that is slow or down holds up its own partitions alone.
 * 2. What a batch causes in a partition of another database goes there as a message that is durable,
 *    so between lanes there is no order to keep.
 */
import type { PerdureError } from "@perdure/kernel";
import type { Partition } from "../streams/partition.ts";
import type { Draft } from "./draft.ts";
import type { Refused } from "./flights.ts";
import { Lane, type LaneHooks, type LaneParts } from "./lane.ts";

export interface PumpHooks extends Omit<LaneHooks, "tidy" | "turned" | "isAwaited" | "refusing"> {
  /** Makes batches of some of the housekeeping that is due in the database. */
  readonly tidy: (database: number) => readonly Draft[];
  /** The database refuses again and again. */
  readonly refusing: (database: number, reason: PerdureError) => void;
}

/** Of the databases that have refused something of late, the one that matters most. */
export interface Refusals extends Refused {
  /** All of them. */
  readonly databases: readonly number[];
}

interface Expected {
  readonly done: () => boolean;
  readonly resolve: () => unknown;
  readonly reject: (error: PerdureError) => void;
}

export class Pump {
  readonly #lanes: readonly Lane[];
  readonly #databaseOf: (partition: number) => number;
  readonly #expected: Expected[] = [];

  constructor(parts: LaneParts) {
    const { store } = parts;
    this.#lanes = Array.from({ length: store.databases }, () => new Lane(parts));
    this.#databaseOf = (partition) => store.databaseOf(partition);
  }

  /** Once, before anything is ready. */
  attach(hooks: PumpHooks): void {
    for (const [database, lane] of this.#lanes.entries()) {
      lane.attach({
        ...hooks,
        tidy: () => hooks.tidy(database),
        refusing: (reason) => hooks.refusing(database, reason),
        turned: () => this.#raise(),
        isAwaited: () => this.#expected.length > 0,
      });
    }
  }

  /** By partition: since when its oldest commit has been on its way (monotonic ms). */
  oldest(): ReadonlyMap<number, number> {
    return new Map(this.#lanes.flatMap((lane) => [...lane.oldest()]));
  }

  get commitsInFlight(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.commitsInFlight, 0);
  }

  /** What the store has refused of late: of a database that takes nothing, if there is one. */
  get refused(): Refusals | undefined {
    const all = this.#lanes.flatMap(({ refused }, database) =>
      refused === undefined ? [] : [{ refused, database }],
    );
    const worst = all.find(({ refused }) => !refused.isTaking) ?? all[0];
    return worst && { ...worst.refused, databases: all.map(({ database }) => database) };
  }

  /** Nothing has arrived that is not in a batch. */
  get isQuiet(): boolean {
    return this.#lanes.every(({ isQuiet }) => isQuiet);
  }

  /** The partition has something to do. */
  readonly ready = (partition: Partition): void => {
    this.#lanes[partition.database]?.ready(partition);
  };

  /** The partition has something to do that goes with the next commit. */
  readonly readyLater = (partition: Partition): void => {
    this.#lanes[partition.database]?.readyLater(partition);
  };

  /** Housekeeping is due in the database. */
  readonly untidy = (database: number): void => this.#lanes[database]?.schedule();

  /** Resolves when all that has been decided so far is durable, in the partition's database. */
  async barrier(partition: number): Promise<void> {
    await this.#lanes[this.#databaseOf(partition)]?.barrier();
  }

  /** The same in all databases, or in the partition's, from the turn on after which `done` holds. */
  barrierWhen(done: () => boolean, partition?: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const lane = partition === undefined ? undefined : this.#lanes[this.#databaseOf(partition)];
    const lanes = lane === undefined ? this.#lanes : [lane];
    const raised = (): unknown =>
      Promise.all(lanes.map((each) => each.barrier())).then(() => resolve(), reject);
    this.#expected.push({ done, resolve: raised, reject });
    for (const each of lanes) each.schedule();
    return promise;
  }

  /** Callers of the database's partitions wait no longer for what is on its way. */
  abandon(database: number): void {
    this.#lanes[database]?.abandon();
  }

  stop(error: PerdureError): void {
    for (const { reject } of this.#expected.splice(0)) reject(error);
    for (const lane of this.#lanes) lane.stop(error);
  }

  #raise(): void {
    for (const expected of this.#expected.splice(0)) {
      if (expected.done()) expected.resolve();
      else this.#expected.push(expected);
    }
  }
}
