/**
 * Whose turn it is: partitions have one piece of work at a time, and several may be under way.
 *
 * 1. Work on a partition is done in the order in which it came.
 * 2. Commits that wait become one transaction, whatever their partitions, within the size of a
 *    group: the database sets the pace. Where work must be alone, it is.
 * 3. Where partitions are kept apart, only commits of the same one are put together.
 * 4. What only looks at a partition looks between pieces of work.
 */
import { limits } from "@perdure/kernel";
import type { Batch, CommitResult } from "@perdure/store";

/** A call of `commit` that waits for its turn. */
export interface CommitCall {
  readonly batches: readonly Batch[];
  readonly bytes: number;
  readonly answer: (result: CommitResult) => void;
}

interface Work {
  readonly partitions: readonly number[];
  /** Absent: it is done alone. */
  readonly commit?: CommitCall;
  readonly alone?: () => Promise<void>;
}

export class Turns {
  readonly #width: number;
  readonly #isApart: boolean;
  readonly #carryOut: (calls: readonly CommitCall[]) => Promise<void>;
  #waiting: Work[] = [];
  readonly #busy = new Set<number>();
  readonly #looks = new Map<number, (() => void)[]>();
  #running = 0;
  readonly #idle: (() => void)[] = [];
  readonly #unanswered = new Set<Promise<unknown>>();

  /** `width`: pieces of work at once. `carryOut` answers each call, and never throws. */
  constructor(
    width: number,
    carryOut: (calls: readonly CommitCall[]) => Promise<void>,
    isApart: boolean = false,
  ) {
    this.#width = width;
    this.#isApart = isApart;
    this.#carryOut = carryOut;
  }

  commit(batches: readonly Batch[]): Promise<CommitResult> {
    const { promise, resolve: answer } = Promise.withResolvers<CommitResult>();
    const partitions = [...new Set(batches.map(({ partition }) => partition))];
    const commit = { batches, bytes: sizeOf(batches), answer };
    this.#waiting.push({ partitions, commit });
    this.#unanswered.add(promise);
    void promise.then(() => this.#unanswered.delete(promise));
    this.#next();
    return promise;
  }

  /** Resolves when all commits that have come so far are answered. */
  async answered(): Promise<void> {
    await Promise.all(this.#unanswered);
  }

  /** Nothing else is done on the partitions meanwhile. */
  alone<T>(partitions: readonly number[], work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const alone = (): Promise<void> => work().then(resolve, reject);
      this.#waiting.push({ partitions, alone });
      this.#next();
    });
  }

  /** Looks at a partition while no work on it is under way. */
  look<T>(partition: number, at: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        try {
          resolve(at());
        } catch (error) {
          reject(error);
        }
      };
      if (!this.#busy.has(partition)) return look();
      const looks = this.#looks.get(partition);
      if (looks === undefined) this.#looks.set(partition, [look]);
      else looks.push(look);
    });
  }

  /** Resolves when everything that has come so far is done, and what came meanwhile. */
  idle(): Promise<void> {
    if (this.#running + this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #next(): void {
    while (this.#running < this.#width) {
      const group = this.#take();
      if (group.length === 0) break;
      void this.#do(group);
    }
    if (this.#running + this.#waiting.length > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** What can be done now: the first whose partitions are free, and commits that may go with it. */
  #take(): readonly Work[] {
    const blocked = new Set(this.#busy);
    const group: Work[] = [];
    let bytes = 0;
    this.#waiting = this.#waiting.filter((work) => {
      const [first] = group;
      const isFree = !work.partitions.some((partition) => blocked.has(partition));
      const mayJoin = first === undefined || this.#mayJoin(first, work);
      if (isFree && mayJoin && bytes < limits.storeGroupBytes) {
        group.push(work);
        bytes += work.commit?.bytes ?? 0;
        return false;
      }
      for (const partition of work.partitions) blocked.add(partition);
      return true;
    });
    return group;
  }

  #mayJoin(first: Work, work: Work): boolean {
    if (first.commit === undefined || work.commit === undefined) return false;
    return !this.#isApart || first.partitions.join() === work.partitions.join();
  }

  async #do(group: readonly Work[]): Promise<void> {
    const partitions = new Set(group.flatMap((work) => work.partitions));
    for (const partition of partitions) this.#busy.add(partition);
    this.#running += 1;
    const [first] = group;
    if (first?.alone !== undefined) await first.alone();
    else await this.#carryOut(group.flatMap(({ commit }) => commit ?? []));
    this.#running -= 1;
    for (const partition of partitions) {
      this.#busy.delete(partition);
      for (const look of this.#looks.get(partition) ?? []) look();
      this.#looks.delete(partition);
    }
    this.#next();
  }
}

/** About what it adds to a transaction. */
function sizeOf(batches: readonly Batch[]): number {
  let bytes = 0;
  for (const { appends, blobs, outbox } of batches) {
    for (const { events } of appends) for (const event of events) bytes += event.length;
    for (const { data } of blobs) bytes += data.length;
    for (const { data } of outbox) bytes += data.length;
  }
  return bytes;
}
