import { expect, test } from "vitest";
import { VirtualEnv } from "../testing/virtual-env.test-support.ts";
import { LentStarts } from "./lent-starts.ts";
import { QueueRates } from "./queue-rates.ts";

const queue = { name: "q", workflows: [], tasks: [], rate: { perSecond: 1, burst: 1 } };

function throttled() {
  const env = new VirtualEnv();
  const rates: QueueRates = new QueueRates(env, (namespace, name) => starts.serve(namespace, name));
  const starts: LentStarts = new LentStarts(rates);
  const begun = env.now();
  const times: number[] = [];
  const start = (isWanted = true) => {
    starts.add("n", "q", () => {
      if (isWanted) times.push(env.now() - begun);
      return isWanted;
    });
  };
  return { env, rates, times, start };
}

test("steps of other nodes start when the queue's rate lets them, in the order they came", async () => {
  const { env, rates, times, start } = throttled();
  rates.join("n", queue);
  for (let n = 0; n < 3; n++) start();
  await env.pass(5_000);
  expect(times).toEqual([0, 1_000, 2_000]);
});

test("one that is not wanted any more when its turn comes costs the others nothing", async () => {
  const { env, rates, times, start } = throttled();
  rates.join("n", queue);
  start();
  start(false);
  start();
  await env.pass(5_000);
  expect(times).toEqual([0, 1_000]);
});

test("all start when the last worker with a rate leaves, and at once where there is none", async () => {
  const { env, rates, times, start } = throttled();
  rates.join("n", queue);
  for (let n = 0; n < 4; n++) start();
  await env.pass(500);
  rates.leave("n", queue);
  await env.still();
  expect(times).toEqual([0, 500, 500, 500]);
  start();
  expect(times).toHaveLength(5);
});
