import { limits } from "@perdure/kernel";
import { expect, test } from "vitest";
import { Rig } from "./testing/rig.test-support.ts";
import { remote, three, waits } from "./testing/scripts.test-support.ts";
import type { WorkerOptions } from "./worker.ts";

test("a worker is given runs and tasks of its own namespace only", async () => {
  const rig = await Rig.open();
  const theirs = rig.worker({
    id: "w",
    scripts: { remote },
    tasks: { work: () => "stolen" },
    options: { namespace: "theirs" },
  });
  const { runId } = await rig.start({ workflow: "remote" });
  await rig.env.still();
  expect(rig.engine.stats().runsWaiting).toBe(1);
  const { waiting } = await rig.env.run(rig.engine.why(runId));
  expect(waiting.map(({ text }) => text)).toEqual([
    'waits for a worker to run its code: no worker serves the queue "main"',
  ]);
  // Its id is taken over there, not here.
  rig.worker({ id: "w", scripts: { remote }, tasks: { work: () => "done" } });
  expect(await rig.result(runId)).toBe("done");
  expect([...theirs.activations, ...theirs.claimed]).toEqual([]);
  await rig.close();
});

test("a worker's id is its own for as long as it is there", async () => {
  const rig = await Rig.open();
  const one = rig.worker({ id: "w" });
  expect(() => rig.worker({ id: "w" })).toThrow(/is registered: close that one/);
  one.session.close();
  rig.worker({ id: "w" });
  await rig.close();
});

test("a hold given back goes to another worker, which is told that its code was busy", async () => {
  const rig = await Rig.open();
  const one = rig.worker({ id: "one", scripts: { three, waits } });
  one.stuck.add("b");
  const { runId } = await rig.start({ workflow: "three" });
  const quiet = await rig.start({ workflow: "waits" });
  await rig.env.still();
  const two = rig.worker({ id: "two", scripts: { three, waits } });
  const leases = new Map(one.activations.map((given) => [given.runId, given.lease]));
  one.session.release(runId, leases.get(runId)! + 1_000);
  expect(two.activations).toEqual([]);
  one.stuck.clear();
  for (const [of, lease] of leases) one.session.release(of, lease);
  expect(one.evicted).toEqual([]);
  await rig.env.run(rig.engine.signal({ runId: quiet.runId }, { name: "go" }));
  expect(await rig.result(runId)).toBe("123");
  await rig.result(quiet.runId);
  const again = [...one.activations.slice(leases.size), ...two.activations];
  const lostAt = new Map(again.map((given) => [given.runId, given.lostAt]));
  expect(lostAt.get(runId)).toBe(2);
  expect(lostAt.get(quiet.runId)).toBe(0);
  await rig.close();
});

test("an attempt given back is tried again, and says that it may have run", async () => {
  const rig = await Rig.open();
  rig.worker({ id: "code", scripts: { remote } });
  const hands = rig.worker({ id: "hands", tasks: { work: () => undefined } });
  const { runId } = await rig.start({ workflow: "remote" });
  await rig.env.still();
  const [first] = hands.claimed;
  hands.session.abandon({ ...first!.token, attempt: 2 });
  hands.session.abandon(first!.token);
  await rig.env.pass(60_000);
  expect(hands.claimed.map(({ token, maybeRan }) => [token.attempt, maybeRan])).toEqual([
    [1, false],
    [2, true],
  ]);
  await rig.env.run(rig.engine.terminate(runId));
  await rig.close();
});

test("workers are shown with what they have and when they were last heard", async () => {
  const rig = await Rig.open();
  const choices = { version: "v7", labels: { host: "box" }, leaseMs: 10_000 } as const;
  const worker = rig.worker({ id: "w", scripts: { waits }, options: choices });
  rig.worker({ id: "theirs", options: { namespace: "theirs" } });
  const registeredAt = rig.env.now();
  await rig.start({ workflow: "waits" });
  await rig.env.pass(5_000);
  worker.session.alive();
  await rig.env.pass(1_000);
  expect(await rig.env.run(rig.engine.workers("test"))).toEqual([
    {
      id: "w",
      queues: [{ name: "main", workflows: ["waits"], tasks: [] }],
      taskSlots: 10,
      runSlots: 100,
      phase: "open",
      holds: 1,
      tasks: 0,
      seenAt: registeredAt + 5_000,
      registeredAt,
      version: "v7",
      versioning: "move",
      labels: { host: "box" },
    },
  ]);
  await rig.close();
});

const served = { name: "main", workflows: [], tasks: [] };
const many = (count: number) => Array.from({ length: count }, (_, n) => `n${n}`);
const labels = (count: number) => Object.fromEntries(many(count).map((name) => [name, ""]));
const long = (count: number) => ({ a: "x".repeat(count) });

test.each<readonly [string, (past: 0 | 1) => Partial<WorkerOptions>]>([
  [
    "queues",
    (past) => ({ queues: many(limits.workerQueues + past).map((name) => ({ ...served, name })) }),
  ],
  ["names", (past) => ({ queues: [{ ...served, tasks: many(limits.workerNames + past) }] })],
  ["labels", (past) => ({ labels: labels(limits.workerLabels + past) })],
  ["label", (past) => ({ labels: long(limits.workerLabelChars + past) })],
  ["runSlots", (past) => ({ runSlots: limits.workerSlots + past })],
  ["taskSlots", (past) => ({ taskSlots: -past })],
  ["leaseMs", (past) => ({ leaseMs: past === 0 ? 0 : Number.NaN })],
  ["concurrency", (past) => ({ queues: [{ ...served, concurrency: 1 - past }] })],
  ["perSecond", (past) => ({ queues: [{ ...served, rate: { perSecond: 0.001 * (1 - past) } }] })],
  ["burst", (past) => ({ queues: [{ ...served, rate: { perSecond: 1, burst: 1 - past } }] })],
  ["priority", (past) => ({ queues: [{ ...served, priority: past === 0 ? -5 : Infinity }] })],
  ["version", (past) => ({ versioning: "pin", ...(past === 0 ? { version: "v" } : {}) })],
])("a worker's %s may go to the limit and not past it", async (what, optionsAt) => {
  const rig = await Rig.open();
  rig.worker({ id: "at", options: optionsAt(0) });
  expect(() => rig.worker({ id: "past", options: optionsAt(1) })).toThrow(new RegExp(what));
  await rig.close();
});
