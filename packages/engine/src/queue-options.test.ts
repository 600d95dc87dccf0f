import { limits } from "@perdure/kernel";
import { describe, expect, it, test } from "vitest";
import { Rig } from "./testing/rig.test-support.ts";
import { text } from "./testing/payloads.test-support.ts";
import type { Script, ScriptedWorker } from "./testing/scripted-worker.test-support.ts";
import { remote, three } from "./testing/scripts.test-support.ts";
import type { ServedQueue } from "./worker.ts";

const onQueue = (queue: string, task = "work", priority = 0): Script =>
  function* () {
    return yield { task, spec: { queue, priority } };
  };

const serving = (queue: Partial<ServedQueue>, ...more: readonly Partial<ServedQueue>[]) => ({
  queues: [queue, ...more].map((one) => ({ name: "main", workflows: [], tasks: ["work"], ...one })),
});

/** A worker that never ends an attempt by itself. */
const holding = { work: () => undefined, other: () => undefined };
const done = { type: "completed", output: text("ok") } as const;

async function openWith(scripts: Record<string, Script>): Promise<Rig> {
  const rig = await Rig.open();
  rig.worker({ id: "code", scripts });
  return rig;
}

async function startMany(rig: Rig, workflow: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await rig.start({ workflow });
  await rig.env.still();
}

const tasksOf = ({ claimed }: ScriptedWorker) => claimed.map(({ spec }) => spec.task);
const queuesOf = ({ claimed }: ScriptedWorker) => claimed.map(({ spec }) => spec.queue);

describe("a queue's concurrency", () => {
  it("is how many of its steps a worker has at a time, and one that ends makes room", async () => {
    const rig = await openWith({ remote });
    const options = serving({ concurrency: 2 });
    const hands = rig.worker({ id: "hands", tasks: holding, options });
    await startMany(rig, "remote", 2);
    expect(hands.claimed).toHaveLength(2);
    await startMany(rig, "remote", 2);
    expect(hands.claimed).toHaveLength(2);
    await rig.env.run(hands.session.result(hands.claimed[0]!.token, done));
    await rig.env.still();
    expect(hands.claimed).toHaveLength(3);
    hands.session.abandon(hands.claimed[1]!.token);
    await rig.env.still();
    expect(hands.claimed).toHaveLength(4);
    expect(rig.engine.stats()).toMatchObject({ tasksRunning: 2 });
    await rig.env.run(rig.engine.close());
  });

  it("bounds neither activations nor the worker's other queues", async () => {
    const rig = await openWith({ remote, there: onQueue("there") });
    const options = serving({ concurrency: 1, workflows: ["three"] }, { name: "there" });
    const hands = rig.worker({ id: "hands", tasks: holding, scripts: { three }, options });
    await startMany(rig, "remote", 3);
    await startMany(rig, "there", 3);
    expect(queuesOf(hands)).toEqual(["main", "there", "there", "there"]);
    expect(await rig.result((await rig.start({ workflow: "three" })).runId)).toBe("123");
    await rig.env.run(rig.engine.close());
  });

  it("is each worker's own; what a lost worker had goes to the next", async () => {
    const rig = await openWith({ remote });
    const options = serving({ concurrency: 1 });
    const one = rig.worker({ id: "one", tasks: holding, options });
    await startMany(rig, "remote", 3);
    const two = rig.worker({ id: "two", tasks: holding, options });
    await rig.env.still();
    expect([one.claimed.length, two.claimed.length]).toEqual([1, 1]);
    one.session.close();
    const again = rig.worker({ id: "one", tasks: holding, options });
    await rig.env.still();
    expect([again.claimed.length, two.claimed.length]).toEqual([1, 1]);
    await rig.env.run(rig.engine.close());
  });
});

describe("a queue's rate", () => {
  it("lets so many start at once, and then one whenever the next token is there", async () => {
    const rig = await openWith({ remote });
    const options = serving({ rate: { perSecond: 4, burst: 2 } });
    const hands = rig.worker({ id: "hands", tasks: holding, options });
    await startMany(rig, "remote", 2);
    expect(hands.claimed).toHaveLength(2);
    await startMany(rig, "remote", 3);
    expect(hands.claimed).toHaveLength(2);
    await rig.env.pass(249);
    expect(hands.claimed).toHaveLength(2);
    await rig.env.pass(1);
    expect(hands.claimed).toHaveLength(3);
    await rig.env.pass(250);
    expect(hands.claimed).toHaveLength(4);
    await rig.env.run(rig.engine.close());
    expect(rig.env.pendingTimers).toBe(0);
  });

  it("has a burst of a second's worth, and of one below that", async () => {
    const rig = await openWith({ remote, slow: onQueue("slow") });
    const options = serving({ rate: { perSecond: 3 } }, { name: "slow", rate: { perSecond: 0.5 } });
    const hands = rig.worker({ id: "hands", tasks: holding, options });
    await startMany(rig, "remote", 5);
    await startMany(rig, "slow", 2);
    expect(queuesOf(hands)).toEqual(["main", "main", "main", "slow"]);
    await rig.env.pass(1_999);
    expect(queuesOf(hands).slice(4)).toEqual(["main", "main"]);
    await rig.env.pass(1);
    expect(queuesOf(hands).slice(6)).toEqual(["slow"]);
    await rig.env.run(rig.engine.close());
  });

  it("is one for all workers, the strictest of theirs, and they take turns", async () => {
    const rig = await openWith({ remote });
    const rate = { perSecond: 1, burst: 1 };
    const one = rig.worker({ id: "one", tasks: holding, options: serving({ rate }) });
    const lax = serving({ rate: { perSecond: 100 } });
    const two = rig.worker({ id: "two", tasks: holding, options: lax });
    await startMany(rig, "remote", 7);
    expect(one.claimed.length + two.claimed.length).toBe(1);
    await rig.env.pass(4_001);
    expect(one.claimed.length + two.claimed.length).toBe(5);
    expect(Math.abs(one.claimed.length - two.claimed.length)).toBe(1);
    // The strict one leaves: the other's own rate holds.
    one.session.close();
    await rig.env.pass(10);
    expect(two.claimed.length).toBeGreaterThanOrEqual(4);
    await rig.env.run(rig.engine.close());
  });

  it("is not made anew by a worker that leaves and comes back", async () => {
    const rig = await openWith({ remote });
    const options = serving({ rate: { perSecond: 1, burst: 3 } });
    const one = rig.worker({ id: "one", tasks: { work: () => "ok" }, options });
    await startMany(rig, "remote", 3);
    one.session.close();
    await startMany(rig, "remote", 3);
    const again = rig.worker({ id: "one", tasks: { work: () => "ok" }, options });
    await rig.env.still();
    expect(again.claimed).toHaveLength(0);
    await rig.env.pass(1_000);
    expect(again.claimed).toHaveLength(1);
    await rig.env.run(rig.engine.close());
  });

  it("starves no task of the queue, and holds up no other queue", async () => {
    const rig = await openWith({ remote, other: onQueue("main", "other"), free: onQueue("free") });
    const rate = { perSecond: 1, burst: 1 };
    const throttled = { tasks: ["work", "other"], rate, priority: 5 };
    const options = serving(throttled, { name: "free" });
    const hands = rig.worker({ id: "hands", tasks: holding, options });
    await startMany(rig, "remote", 3);
    await startMany(rig, "other", 3);
    await startMany(rig, "free", 2);
    expect(queuesOf(hands)).toEqual(["main", "free", "free"]);
    await rig.env.pass(4_001);
    const taken = tasksOf(hands).slice(3);
    expect(taken.filter((task) => task === "other")).toHaveLength(2);
    await rig.env.run(rig.engine.close());
  });
});

test("a queue's priority goes before the priorities of the work in it", async () => {
  const rig = await openWith({
    low: onQueue("low", "work", 100),
    high: onQueue("high", "work", 1),
  });
  await startMany(rig, "low", 2);
  await startMany(rig, "high", 2);
  const options = {
    ...serving({ name: "low" }, { name: "high", priority: 1 }),
    taskSlots: 3,
  };
  const hands = rig.worker({ id: "hands", tasks: holding, options });
  await rig.env.still();
  expect(queuesOf(hands)).toEqual(["high", "high", "low"]);
  await rig.env.run(rig.engine.close());
});

test("why tells a throttled queue from busy workers", async () => {
  const rig = await openWith({ remote, slow: onQueue("slow") });
  const options = serving({ concurrency: 1 }, { name: "slow", rate: { perSecond: 1, burst: 1 } });
  rig.worker({ id: "hands", tasks: holding, options });
  await startMany(rig, "remote", 1);
  await startMany(rig, "slow", 1);
  const full = await rig.start({ workflow: "remote" });
  const early = await rig.start({ workflow: "slow" });
  await rig.env.still();
  const { summary } = await rig.env.run(rig.engine.why(full.runId));
  expect(summary).toContain('the concurrency of the queue "main" is used up: 1 at a time');
  const told = await rig.env.run(rig.engine.why(early.runId));
  expect(told.summary).toContain('the queue "slow" is throttled to 1 a second; the next may start');
  await rig.env.run(rig.engine.close());
});

test("stats count what waits and who serves, by queue and kind", async () => {
  const rig = await openWith({ remote });
  await startMany(rig, "remote", 2);
  const main = { namespace: "test", queue: "main" };
  const { queues } = rig.engine.stats();
  expect(queues).toContainEqual({ ...main, kind: "task", waiting: 2, workers: 0 });
  expect(queues).toContainEqual({ ...main, kind: "workflow", waiting: 0, workers: 1 });
  await rig.env.run(rig.engine.close());
});

test("stats list queues up to the limit, and sum the others", async () => {
  const rig = await Rig.open();
  const queues = Array.from({ length: limits.queueStats }, (_, n) => ({ name: `q${n}` }));
  const [first = {}, ...more] = queues;
  rig.worker({ id: "at", options: serving(first, ...more) });
  expect(rig.engine.stats().queues).toHaveLength(limits.queueStats);
  rig.worker({ id: "past", options: serving({ name: "one more" }) });
  const listed = rig.engine.stats().queues;
  expect(listed).toHaveLength(limits.queueStats + 1);
  const other = { namespace: "", queue: "other", kind: "task", waiting: 0, workers: 1 };
  expect(listed.at(-1)).toEqual(other);
  await rig.close();
});

describe("a lost worker", () => {
  it("is listed for a while, with what it had, until it is back", async () => {
    const rig = await openWith({ slow: onQueue("slow") });
    const options = { ...serving({ name: "slow" }), leaseMs: 1_000 };
    rig.worker({ id: "hands", tasks: holding, options });
    const { runId } = await rig.start({ workflow: "slow" });
    await rig.env.pass(1_001);
    const lost = (await rig.engine.workers("test")).find(({ id }) => id === "hands");
    expect(lost).toMatchObject({ phase: "lost", tasks: 1 });
    expect(lost?.silentMs).toBeGreaterThanOrEqual(1_000);
    expect(lost?.lostAt).toBeLessThanOrEqual(rig.env.now());
    expect(await rig.engine.workers("theirs")).toEqual([]);
    await rig.env.pass(60_000);
    const { summary } = await rig.env.run(rig.engine.why(runId));
    expect(summary).toContain("the last one, hands, was lost 1 min ago");
    await rig.env.pass(limits.lostWorkerMs);
    expect((await rig.engine.workers("test")).map(({ id }) => id)).toEqual(["code"]);
    rig.worker({ id: "code two" }).session.close();
    rig.worker({ id: "code two" });
    expect((await rig.engine.workers("test")).map(({ phase }) => phase)).toEqual(["open", "open"]);
    await rig.env.run(rig.engine.close());
  });

  it("is remembered with as many others as the limit says; one that drained is not", async () => {
    const rig = await Rig.open();
    for (let n = 0; n <= limits.lostWorkers; n++) rig.worker({ id: `w${n}` }).session.close();
    const lost = await rig.engine.workers("test");
    expect([lost.length, lost[0]?.id]).toEqual([limits.lostWorkers, "w1"]);
    const polite = rig.worker({ id: "polite" });
    await rig.env.run(polite.session.drain());
    polite.session.close();
    expect((await rig.engine.workers("test")).map(({ id }) => id)).not.toContain("polite");
    await rig.close();
  });
});
