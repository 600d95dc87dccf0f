/** The load: so many operations in flight, until the time is up or the count is reached. */
import { setTimeout } from "node:timers/promises";
import type { Budget } from "./contender.ts";

export interface Lanes {
  readonly done: number;
  readonly elapsedMs: number;
  /** Begun, and not waited for any longer. */
  readonly unfinished: number;
}

/** What began before the time was up is awaited for so long: a wave that is slower is cut. */
const patienceMs = 20_000;

/** Keeps `width` of `work` going for as long as the budget says; awaits all that began, within reason. */
export async function keepBusy(
  width: number,
  { seconds, lanes = width }: Budget,
  work: (lane: number) => Promise<void>,
  patience: number = patienceMs,
): Promise<Lanes> {
  const begin = performance.now();
  const end = begin + seconds * 1_000;
  let done = 0;
  let running = 0;
  const lane = async (index: number): Promise<void> => {
    while (performance.now() < end) {
      running++;
      await work(index);
      running--;
      done++;
    }
  };
  const all = Promise.all(Array.from({ length: Math.min(width, lanes) }, (_, i) => lane(i)));
  const over = new AbortController();
  const cut = setTimeout(seconds * 1_000 + patience, undefined, { signal: over.signal });
  // It is also rejected, when nobody needs it any more.
  await Promise.race([all, cut.catch(() => undefined)]);
  over.abort();
  const lanesDone = { done, elapsedMs: performance.now() - begin, unfinished: running };
  if (done === 0) throw new Error(`none of ${running} in flight came to an end in time`);
  return lanesDone;
}

/** Does `count` of `work`, `width` at a time. */
export async function doAll(
  width: number,
  count: number,
  work: (index: number) => Promise<void>,
): Promise<Lanes> {
  const begin = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
  return { done: count, elapsedMs: performance.now() - begin, unfinished: 0 };
}
