/**
 * A binary heap of alarms that knows where each entry is, so that moving or removing one costs
 * log n: a run that closes in a millisecond must not leave its one-day timeout behind.
 */
import type { StreamId } from "@perdure/kernel";

/** `index` is the entry's place in the heap, -1 outside; only the heap writes it. */
export interface AlarmEntry {
  at: number;
  index: number;
  readonly home: number;
  /** Absent: the window of the partition's settled alarms ends then. */
  readonly stream: StreamId | undefined;
}

export class AlarmHeap {
  readonly #entries: AlarmEntry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  top(): AlarmEntry | undefined {
    return this.#entries[0];
  }

  /** All that ring before `at`, in no order. */
  before(at: number): readonly AlarmEntry[] {
    const found: AlarmEntry[] = [];
    const look = [0];
    for (let index = look.pop(); index !== undefined; index = look.pop()) {
      const entry = this.#entries[index];
      if (entry === undefined || entry.at >= at) continue;
      found.push(entry);
      look.push(2 * index + 1, 2 * index + 2);
    }
    return found;
  }

  set(entry: AlarmEntry, at: number): void {
    if (entry.index === -1) {
      entry.at = at;
      entry.index = this.#entries.length;
      this.#entries.push(entry);
      this.#up(entry);
    } else if (at !== entry.at) {
      const later = at > entry.at;
      entry.at = at;
      if (later) this.#down(entry);
      else this.#up(entry);
    }
  }

  remove(entry: AlarmEntry): void {
    const { index } = entry;
    if (index === -1) return;
    entry.index = -1;
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return;
    this.#put(last, index);
    this.#up(last);
    this.#down(last);
  }

  #put(entry: AlarmEntry, index: number): void {
    this.#entries[index] = entry;
    entry.index = index;
  }

  #up(entry: AlarmEntry): void {
    let { index } = entry;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#entries[above];
      if (parent === undefined || parent.at <= entry.at) break;
      this.#put(parent, index);
      index = above;
    }
    this.#put(entry, index);
  }

  #down(entry: AlarmEntry): void {
    let { index } = entry;
    for (;;) {
      let below = 2 * index + 1;
      let child = this.#entries[below];
      const right = this.#entries[below + 1];
      if (child !== undefined && right !== undefined && right.at < child.at) {
        child = right;
        below++;
      }
      if (child === undefined || child.at >= entry.at) break;
      this.#put(child, index);
      index = below;
    }
    this.#put(entry, index);
  }
}
