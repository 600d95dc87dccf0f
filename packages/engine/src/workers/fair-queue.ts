/**
 * Waiting work in the order it is to be taken: higher priority first; within a priority each
 * fairness key in turn; within a fairness key first in, first out. Removal is lazy: what is
 * withdrawn is skipped when its turn comes.
 */
import { Fifo } from "../core/fifo.ts";

export interface Queued {
  readonly priority: number;
  readonly fairnessKey: string;
  isWithdrawn: boolean;
}

/** Fairness keys in the order of their turns. */
type Turns<T> = Map<string, Fifo<T>>;

export class FairQueue<T extends Queued> {
  readonly #levels = new Map<number, Turns<T>>();
  /** Priorities in use, highest first. */
  #order: number[] = [];
  #size = 0;

  /** Items that are not withdrawn. */
  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    let turns = this.#levels.get(item.priority);
    if (turns === undefined) {
      turns = new Map();
      this.#levels.set(item.priority, turns);
      this.#order = [...this.#levels.keys()].toSorted((a, b) => b - a);
    }
    let line = turns.get(item.fairnessKey);
    if (line === undefined) {
      line = new Fifo();
      turns.set(item.fairnessKey, line);
    }
    line.push(item);
    this.#size++;
  }

  withdraw(item: T): void {
    if (item.isWithdrawn) return;
    item.isWithdrawn = true;
    this.#size--;
  }

  /** The priority of the next item. */
  get priority(): number | undefined {
    return this.#size === 0 ? undefined : this.#order[0];
  }

  take(): T | undefined {
    for (const priority of this.#order) {
      const turns = this.#levels.get(priority);
      const item = turns && takeFrom(turns);
      if (item !== undefined) {
        this.#size--;
        return item;
      }
      this.#levels.delete(priority);
      this.#order = this.#order.filter((other) => other !== priority);
    }
    return undefined;
  }
}

function takeFrom<T extends Queued>(turns: Turns<T>): T | undefined {
  for (const [key, line] of turns) {
    let item = line.shift();
    while (item?.isWithdrawn) item = line.shift();
    // To the end: the other keys have their turn first.
    if (line.length === 0 || turns.size > 1) turns.delete(key);
    if (line.length > 0) turns.set(key, line);
    if (item !== undefined) return item;
  }
  return undefined;
}
