import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { keepBusy } from "./lanes.ts";

test("what began before the time was up is awaited", async () => {
  const lanes = await keepBusy(3, { seconds: 0.02 }, () => setTimeout(30));
  expect(lanes).toMatchObject({ done: 3, unfinished: 0 });
});

test("a wave that is too slow is cut: what is done counts, and the rest is told", async () => {
  const work = (lane: number): Promise<void> => (lane < 2 ? setTimeout(1) : new Promise(() => {}));
  const { done, elapsedMs, unfinished } = await keepBusy(5, { seconds: 0.02 }, work, 50);
  expect(done).toBeGreaterThanOrEqual(2);
  expect(unfinished).toBe(3);
  expect(elapsedMs).toBeGreaterThanOrEqual(69);
});

test("a wave of which nothing comes to an end is no measurement", async () => {
  const never = (): Promise<void> => new Promise(() => {});
  await expect(keepBusy(4, { seconds: 0.01 }, never, 10)).rejects.toThrow("none of 4 in flight");
});

test("to warm up, fewer are in flight than in the workload", async () => {
  let most = 0;
  let running = 0;
  await keepBusy(100, { seconds: 0.01, lanes: 7 }, async () => {
    most = Math.max(most, ++running);
    await setTimeout(2);
    running--;
  });
  expect(most).toBe(7);
});

test("the first error of a lane is the load's", async () => {
  const load = keepBusy(2, { seconds: 0.01 }, () => Promise.reject(new Error("it broke")));
  await expect(load).rejects.toThrow("it broke");
});
