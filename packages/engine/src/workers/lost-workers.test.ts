import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { limits } from "@perdure/kernel";
import { afterEach, expect, test } from "vitest";
import { Rig } from "../testing/rig.test-support.ts";
import { VirtualEnv } from "../testing/virtual-env.test-support.ts";
import type { Worker } from "../worker.ts";
import { LostWorkers } from "./lost-workers.ts";
import { RegisteredWorker } from "./registered-worker.ts";

afterEach(() => setFlagsFromString("--no-expose-gc"));

test("a worker that was lost is remembered, but not what it had been sent", async () => {
  const rig = await Rig.open();
  const gone = loseOne(rig);
  await rig.env.still();
  expect((await rig.engine.workers("test")).map(({ phase }) => phase)).toEqual(["lost"]);
  await collected();
  expect(gone.deref()).toBeUndefined();
  await rig.close();
});

test("one that was lost long ago is forgotten also when nobody looks", async () => {
  const env = new VirtualEnv();
  const lost = new LostWorkers(env);
  const add = (id: string): void => {
    lost.add(new RegisteredWorker({ id } as Worker, options, env.monotonic()));
  };
  for (let n = 0; n < 10; n++) add(`w${n}`);
  await env.pass(limits.lostWorkerMs - 1);
  add("late");
  expect(lost.size).toBe(11);
  await env.pass(1);
  add("last");
  expect(lost.in("test").map(({ id }) => id)).toEqual(["late", "last"]);
  expect(lost.size).toBe(2);
});

const options = { namespace: "test", queues: [], taskSlots: 1, runSlots: 1, leaseMs: 0 };

/** Its frame holds the worker, so it is a function of its own. */
function loseOne(rig: Rig): WeakRef<Worker> {
  const worker = rig.worker({ id: "w" });
  worker.session.close();
  return new WeakRef<Worker>(worker);
}

async function collected(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // What was looked at by a `WeakRef` stays until the turn is over.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
}
