/** The load: so many operations in flight, until the time is up or the count is reached. */

export interface Lanes {
  readonly done: number;
  readonly elapsedMs: number;
}

/** Keeps `width` of `work` going for `seconds`; awaits all that began. */
export async function keepBusy(
  width: number,
  seconds: number,
  work: (lane: number) => Promise<void>,
): Promise<Lanes> {
  const begin = performance.now();
  const end = begin + seconds * 1_000;
  let done = 0;
  const lane = async (index: number): Promise<void> => {
    while (performance.now() < end) {
      await work(index);
      done++;
    }
  };
  await Promise.all(Array.from({ length: width }, (_, index) => lane(index)));
  return { done, elapsedMs: performance.now() - begin };
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
  return { done: count, elapsedMs: performance.now() - begin };
}
