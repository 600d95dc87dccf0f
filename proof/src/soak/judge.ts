/** What the samples of a soak say: is the memory flat? */
import type { Vitals } from "./server-process.ts";

export interface Sample extends Vitals {
  /** Since the soak began. */
  readonly atMs: number;
  /** Counts the lives of the server. */
  readonly life: number;
  readonly done: number;
}

/** Of one life of the server: what it had after it had warmed up, and at its end. */
export interface Life {
  readonly life: number;
  readonly minutes: number;
  readonly heapBytes: readonly [early: number, late: number];
  readonly rssBytes: readonly [early: number, late: number];
  readonly storeBytes: readonly [early: number, late: number];
  readonly runsPerSecond: number;
}

/** A life shorter than this says nothing about growth. */
const LEAST_MS = 120_000;
/** Caches fill and code is compiled in this time. */
const WARM_MS = 60_000;

export function livesOf(samples: readonly Sample[]): readonly Life[] {
  const lives = Map.groupBy(samples, ({ life }) => life);
  return [...lives].flatMap(([life, all]) => {
    const [first] = all;
    const last = all.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < LEAST_MS) return [];
    const warm = all.filter(({ atMs }) => atMs >= first.atMs + WARM_MS);
    const early = warm.slice(0, Math.ceil(warm.length / 3));
    const late = warm.slice(-early.length);
    const ends = (of: (sample: Sample) => number): readonly [number, number] => {
      return [middle(early.map(of)), middle(late.map(of))];
    };
    return {
      life,
      minutes: (last.atMs - first.atMs) / 60_000,
      heapBytes: ends((sample) => sample.heapBytes + sample.externalBytes),
      rssBytes: ends(({ rssBytes }) => rssBytes),
      storeBytes: ends(({ storeBytes }) => storeBytes),
      runsPerSecond: ((last.done - first.done) * 1_000) / (last.atMs - first.atMs),
    };
  });
}

/** What is left after a collection grew by no more than a tenth, or by 8 MiB. */
export function isFlat({ heapBytes: [early, late] }: Life): boolean {
  return late - early <= Math.max(early / 10, 8 * 2 ** 20);
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
