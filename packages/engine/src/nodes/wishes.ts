/** Work that waits for workers, by queue, and how much of it nothing has been done about. */
import type { WorkerOptions } from "../worker.ts";
import { knows, nameOfPlace, type Bucket } from "../workers/bucket.ts";
import type { Demand } from "../workers/demand.ts";

export interface Wish {
  readonly demand: Demand;
  /** Monotonic ms since when it has been known. */
  readonly since: number;
  left: number;
}

export class Wishes {
  readonly all: readonly Wish[];
  readonly #byQueue = new Map<string, Wish[]>();

  constructor(demands: readonly Demand[], now: number, before?: Wishes) {
    const since = new Map(before?.all.map((wish) => [nameOfPlace(wish.demand), wish.since]));
    this.all = demands.map((demand) => {
      return { demand, since: since.get(nameOfPlace(demand)) ?? now, left: demand.count };
    });
    for (const wish of this.all) {
      const { kind, namespace, queue } = wish.demand;
      const id = idOf(kind, namespace, queue);
      const line = this.#byQueue.get(id);
      if (line === undefined) this.#byQueue.set(id, [wish]);
      else line.push(wish);
    }
  }

  /** What the worker has the code for. */
  of(options: WorkerOptions, kind: Bucket["kind"], queue: string): readonly Wish[] {
    const line = this.#byQueue.get(idOf(kind, options.namespace, queue)) ?? [];
    return line.filter(({ demand }) => knows(options, demand));
  }

  ofAll(options: WorkerOptions, kind: Bucket["kind"]): readonly Wish[] {
    const queues = new Set(options.queues.map(({ name }) => name));
    return [...queues].flatMap((queue) => this.of(options, kind, queue));
  }
}

export function leftOf(wishes: readonly Wish[]): number {
  return wishes.reduce((sum, { left }) => sum + left, 0);
}

/** Something is done about so many of them. Returns how many there were. */
export function absorb(wishes: readonly Wish[], count: number): number {
  let rest = count;
  for (const wish of wishes) {
    const some = Math.min(wish.left, rest);
    wish.left -= some;
    rest -= some;
  }
  return count - rest;
}

function idOf(kind: Bucket["kind"], namespace: string, queue: string): string {
  return `${kind}/${namespace.length}:${namespace}/${queue}`;
}
