/**
 * What code did to the outside, and under which hold: a lease for a local step, an attempt for a
 * remote one. It judges by holds and not by moments, so that its verdict is the same for all
 * schedules that nobody in them can tell apart.
 */
import { Ledger } from "../programs/ledger.ts";
import type { BegunWork } from "../programs/surroundings.ts";
import { textOf } from "./digest.ts";

interface Deed {
  readonly key: string;
  readonly worker: string;
  /** Later holds have higher ones. */
  readonly hold: readonly number[];
  readonly maybeRan: boolean;
}

export class Outside {
  readonly ledger: Ledger = new Ledger();
  readonly #deeds: Deed[] = [];

  get deeds(): readonly string[] {
    return this.#deeds.map(textOf);
  }

  act(work: BegunWork, deed: Omit<Deed, "key" | "maybeRan">, what: string, output: string): void {
    const { key, runId, attempt, maybeRan } = work;
    this.#deeds.push({ ...deed, key, maybeRan });
    const execution = { attempt, maybeRan, at: 0, process: deed.worker, isStray: false };
    this.ledger.act({ key, runId, what, output }, execution);
  }

  /** Whoever comes after another hold under which the same was done has been told (P4). */
  problem(): string | undefined {
    for (const deed of this.#deeds) {
      for (const other of this.#deeds) {
        if (other === deed || other.key !== deed.key) continue;
        const order = compare(deed.hold, other.hold);
        if (order === 0) return `${deed.key} was done twice under one hold`;
        if (order > 0 && !deed.maybeRan) {
          return `${deed.worker} did ${deed.key} after ${other.worker}, and was not told`;
        }
      }
    }
    return undefined;
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, part] of a.entries()) {
    const difference = part - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
