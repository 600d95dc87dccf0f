/** Calls while the partition that they are about goes from one node to another. */
import {
  namingRequest,
  runId as runIdAt,
  runStream,
  slotOfRun,
  type PerdureError,
  type RunEvent,
  type RunId,
} from "@perdure/kernel";
import { expect, test } from "vitest";
import type { ClusterNode } from "../testing/cluster.test-support.ts";
import { nth } from "../testing/loopback.test-support.ts";
import { text, textOf } from "../testing/payloads.test-support.ts";
import { base, TalkingCluster } from "../testing/talking-cluster.test-support.ts";

type Three = readonly [ClusterNode, ClusterNode, ClusterNode];

async function three(): Promise<{ cluster: TalkingCluster; nodes: Three }> {
  const cluster = await TalkingCluster.of("a", "b", "c");
  return { cluster, nodes: cluster.nodes as unknown as Three };
}

/** Both ways to lose an owner. */
const ends = [
  ["leaves", (cluster: TalkingCluster, node: ClusterNode) => cluster.run(node.engine.close())],
  ["dies", (cluster: TalkingCluster, node: ClusterNode) => cluster.kill(node)],
] as const;

function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => error);
}

test.each(ends)(
  "an outcome is waited for wherever the run is, when its node %s",
  async (_, end) => {
    const { cluster, nodes } = await three();
    const [a, , c] = nodes;
    const runId = await cluster.runAt(c);
    const outcome = a.engine.outcome(runId);
    await cluster.env.pass(12_000);
    await end(cluster, c);
    await cluster.settle();
    expect(await cluster.nodeOf(runStream(runId))).not.toBe(c);
    await cluster.signal(a.engine, runId, "moved");
    expect(await cluster.run(outcome)).toMatchObject({
      status: "completed",
      output: text("moved"),
    });
  },
);

test.each(ends)(
  "a watcher misses nothing and hears nothing twice, when the node %s",
  async (_, end) => {
    const { cluster, nodes } = await three();
    const [a, b, c] = nodes;
    const runId = await cluster.runAt(c);
    await cluster.env.pass(100);
    const before = (await cluster.run(a.engine.journal(runId))).length;
    const heard = [a, b].map(() => [] as RunEvent[]);
    const stops = [a, b].map(({ engine }, n) => {
      return engine.watch(runId, (events) => heard[n]!.push(...events));
    });
    const say = (client: ClusterNode, name: string) =>
      cluster.run(client.engine.signal({ runId }, { name }));
    await say(a, "one");
    await say(b, "two");
    const leaving = end(cluster, c);
    await errorOf(cluster.run(a.engine.signal({ runId }, { name: "three", id: "3" })));
    await leaving;
    await cluster.settle();
    await say(b, "four");
    await cluster.signal(b.engine, runId, "on");
    await cluster.run(a.engine.outcome(runId));
    await cluster.env.pass(3_000);
    const journal = await cluster.run(b.engine.journal(runId));
    for (const events of heard) expect(events).toEqual(journal.slice(before));
    for (const stop of stops) stop();
    const names = journal.flatMap((event) => (event.kind === "signal.received" ? event.name : []));
    expect(names).toEqual(["one", "two", "three", "four", "go"]);
  },
);

test("events that come right after watch() are heard, at whatever node", async () => {
  const { cluster, nodes } = await three();
  const [a, b, c] = nodes;
  const runId = await cluster.runAt(c);
  await cluster.env.pass(100);
  for (const node of [a, b, c]) {
    const heard: RunEvent[] = [];
    const stop = node.engine.watch(runId, (events) => heard.push(...events));
    await cluster.run(node.engine.signal({ runId }, { name: `from ${node.engine.partitions}` }));
    await cluster.env.pass(50);
    stop();
    expect(heard.map(({ kind }) => kind)).toContain("signal.received");
    await cluster.run(node.engine.signal({ runId }, { name: "unheard" }));
    await cluster.env.pass(50);
    expect(heard.filter(({ kind }) => kind === "signal.received")).toHaveLength(1);
  }
});

test.each(ends)(
  "a start that waits for its turn is waited for too, when its node %s",
  async (_, end) => {
    const { cluster, nodes } = await three();
    const [a, , c] = nodes;
    const key = await cluster.keyAt(c);
    const request = { ...base, workflow: "waits", key, mode: "exclusive" } as const;
    const first = await cluster.run(a.engine.start(request));
    const second = await cluster.run(a.engine.start(request));
    const outcome = a.engine.outcome(second.runId);
    await cluster.env.pass(70_000);
    await end(cluster, c);
    await cluster.settle();
    await cluster.signal(a.engine, first.runId, "on");
    await cluster.run(a.engine.outcome(first.runId));
    await cluster.env.pass(100);
    await cluster.signal(a.engine, second.runId, "on");
    expect(await cluster.run(outcome)).toMatchObject({ status: "completed" });
  },
);

test("a run that is closed is not followed, and one that closes only to its end", async () => {
  const { cluster, nodes } = await three();
  const [a, , c] = nodes;
  const runId = await cluster.runAt(c);
  await cluster.env.pass(50);
  const heard: RunEvent[] = [];
  a.engine.watch(runId, (events) => heard.push(...events));
  await cluster.signal(a.engine, runId, "on");
  await cluster.run(a.engine.outcome(runId));
  await cluster.env.pass(50);
  expect(heard.at(-1)?.kind).toBe("run.completed");
  a.engine.watch(runId, () => expect.fail("nothing happens any more"));
  await cluster.env.pass(50);
  cluster.asked("a", "c");
  await cluster.env.pass(60_000);
  expect(cluster.asked("a", "c")).toEqual([]);
});

test("a start without a key goes on while nodes come and leave", async () => {
  const { cluster, nodes } = await three();
  const [a, b, c] = nodes;
  const leaving = Promise.all([b.engine.close(), c.engine.close()]);
  const runs: RunId[] = [];
  for (let n = 0; n < 30; n++) {
    const started = [a, b].map(({ engine }) => engine.start({ ...base, workflow: "three" }));
    const [one, other] = await Promise.all(started.map((start) => cluster.run(errorOf(start))));
    runs.push((one as { runId: RunId }).runId);
    if ("runId" in (other as object)) runs.push((other as { runId: RunId }).runId);
    await cluster.env.pass(20);
  }
  await cluster.run(leaving);
  for (const runId of runs) {
    expect(await cluster.run(a.engine.outcome(runId))).toMatchObject({ status: "completed" });
  }
  expect(await cluster.run(a.engine.count({ namespace: "test" }))).toBe(runs.length);
});

test("a call that may have been carried out is not repeated, and says so", async () => {
  const { cluster, nodes } = await three();
  const [a, , c] = nodes;
  const runId = await cluster.runAt(c);
  cluster.net.cutBefore = nth(1, ({ type }) => type === "answer");
  const lost = (await cluster.run(
    errorOf(a.engine.signal({ runId }, { name: "once" })),
  )) as PerdureError;
  expect(lost).toMatchObject({ code: "unavailable" });
  expect(lost.message).toMatch(/may have been carried out/);
  await cluster.settle();
  const names = async () => {
    const events = await cluster.run(a.engine.journal(runId));
    return events.flatMap((event) => (event.kind === "signal.received" ? event.name : []));
  };
  expect(await names()).toEqual(["once"]);
});

test("a call that never left is carried out once, when there is a way again", async () => {
  const { cluster, nodes } = await three();
  const [a, , c] = nodes;
  const runId = await cluster.runAt(c);
  cluster.net.cut("a", "c");
  await cluster.env.pass(2);
  expect(cluster.net.heard.length).toBeGreaterThan(0);
  await cluster.run(a.engine.signal({ runId }, { name: "once" }));
  const events = await cluster.run(a.engine.journal(runId));
  expect(events.filter(({ kind }) => kind === "signal.received")).toHaveLength(1);
});

test.each([
  "signal with an id",
  "start with a request id",
  "start with its run's id",
  "publish",
  "update",
  "describe",
])("a %s whose answer is lost is asked again, and done once", async (name) => {
  const { cluster, nodes } = await three();
  const [a, , c] = nodes;
  const theirs = await cluster.runAt(c);
  await cluster.env.pass(100);
  const key = await cluster.keyAt(c);
  const event = "tick";
  const calls: Record<string, () => Promise<unknown>> = {
    "signal with an id": () => a.engine.signal({ runId: theirs }, { name: "s", id: "1" }),
    "start with a request id": () =>
      a.engine.start({ ...base, workflow: "three", key, requestId: "r" }),
    "start with its run's id": () => {
      const requestId = namingRequest(
        runIdAt(cluster.env.now(), slotOfRun(theirs), "0123456789abcdef"),
      );
      return a.engine.start({ ...base, workflow: "three", requestId });
    },
    publish: () => a.engine.publish("test", event, { payload: text("") }),
    update: () => a.engine.update({ runId: theirs }, "set", text("5")),
    describe: () => a.engine.describe(theirs),
  };
  cluster.net.cutBefore = nth(1, ({ type }) => type === "answer");
  await cluster.run(calls[name]!());
  const events = await cluster.run(c.engine.journal(theirs));
  const count = (kind: string) => events.filter((one) => one.kind === kind).length;
  expect(count("signal.received")).toBe(name === "signal with an id" ? 1 : 0);
  expect(count("update.completed")).toBe(name === "update" ? 1 : 0);
  const starts = await cluster.run(a.engine.count({ namespace: "test", workflow: "three" }));
  expect(starts).toBe(name.startsWith("start with") ? 1 : 0);
});

test("a partition that nobody has for long is said to be unavailable", async () => {
  const cluster = await TalkingCluster.of("a", "b");
  const [a, b] = cluster.nodes as [ClusterNode, ClusterNode];
  const runId = await cluster.runAt(b);
  await cluster.env.pass(100);
  const before = cluster.env.now();
  // It lives, as the store sees it, and cannot be reached.
  cluster.net.halted.add("a>b").add("b>a");
  await cluster.env.pass(4_000);
  const error = await cluster.run(errorOf(a.engine.describe(runId)));
  expect(error).toMatchObject({ code: "unavailable" });
  expect(cluster.env.now() - before).toBeLessThan(4_000 + 5_000 + 200);
  // What is on disk can be told all the same.
  expect(await cluster.run(a.engine.why(runId))).toMatchObject({ status: "open" });
});

test("lists show what was acknowledged at any node, also while partitions move", async () => {
  const { cluster, nodes } = await three();
  const [a, b, c] = nodes;
  let count = 0;
  const leaving = c.engine.close();
  for (let n = 0; n < 20; n++) {
    const node = [a, b][n % 2]!;
    const started = await cluster.run(errorOf(node.engine.start({ ...base, workflow: "three" })));
    if ("runId" in (started as object)) count++;
    expect(await cluster.run([b, a][n % 2]!.engine.count({ namespace: "test" }))).toBe(count);
    await cluster.env.pass(50);
  }
  await cluster.run(leaving);
  expect(count).toBeGreaterThan(15);
  const page = await cluster.run(a.engine.list({ namespace: "test", limit: 100 }));
  expect(page.rows).toHaveLength(count);
});

test("lists wait for what a node had acknowledged that has died", async () => {
  const { cluster, nodes } = await three();
  const [a, , c] = nodes;
  await cluster.runAt(c);
  await cluster.kill(c);
  expect(await cluster.run(a.engine.count({ namespace: "test" }))).toBe(1);
});

test("many starts go where their keys are, and each says what became of it", async () => {
  const { cluster, nodes } = await three();
  const [a, b, c] = nodes;
  const item = { workflow: "three", queue: "main", input: text("") };
  const keys = await Promise.all([a, b, c].map((node) => cluster.keyAt(node)));
  const keyed = keys.map(({ kind, id }) => ({ ...item, key: { kind, id } }));
  const results = await cluster.run(
    a.engine.startMany("test", [...keyed, item, { ...item, workflow: "" }, ...keyed]),
  );
  const ids = results.map((result) => ("runId" in result ? result.runId : result.error.code));
  expect(ids.slice(5)).toEqual(ids.slice(0, 3));
  expect(ids[4]).toBe("invalid-argument");
  expect(results.map((result) => "existing" in result && result.existing)).toEqual([
    false,
    false,
    false,
    false,
    false,
    true,
    true,
    true,
  ]);
  for (const [n, node] of [a, b, c].entries()) {
    expect(await cluster.nodeOf(runStream(ids[n] as RunId))).toBe(node);
  }
  expect(textOf((await cluster.run(b.engine.describe(ids[2] as RunId))).spec.input)).toBe("");
});

test("of many starts whose answer was lost, those that twice are once are asked again", async () => {
  const { cluster, nodes } = await three();
  const [a, , c] = nodes;
  const { kind, id } = await cluster.keyAt(c);
  const item = { workflow: "three", queue: "main", input: text(""), key: { kind, id } };
  cluster.net.cutBefore = nth(1, ({ type }) => type === "answer");
  const results = await cluster.run(
    a.engine.startMany("test", [
      { ...item, mode: "shared", requestId: "r" },
      { ...item, mode: "shared" },
    ]),
  );
  expect(results[0]).toMatchObject({ existing: true });
  expect(results[1]).toMatchObject({ error: { code: "unavailable" } });
  expect(await cluster.run(a.engine.count({ namespace: "test" }))).toBe(2);
});

test("workers are listed wherever they are registered", async () => {
  const { cluster, nodes } = await three();
  for (const { engine } of nodes) {
    const workers = await cluster.run(engine.workers("test"));
    expect(workers.map(({ id }) => id).toSorted()).toEqual(["at-a", "at-b", "at-c"]);
  }
});
