import { expect, test } from "vitest";
import { text, textOf } from "../testing/payloads.test-support.ts";
import { LendingRig, type LendingNode } from "../testing/lending-rig.test-support.ts";
import type { Script } from "../testing/scripted-worker.test-support.ts";
import { remote, three, waits } from "../testing/scripts.test-support.ts";

const done = { type: "completed", output: text("ok") } as const;

async function two(times = {}): Promise<[LendingRig, LendingNode, LendingNode]> {
  const rig = await LendingRig.of(["a", "b"], times);
  const [a, b] = rig.nodes;
  return [rig, a!, b!];
}

test("a run is executed by a worker of another node, step by step", async () => {
  const [rig, a, b] = await two();
  const worker = a.worker({ scripts: { three } });
  const runId = await b.start("three");
  expect(await b.result(runId)).toBe("123");
  expect(worker.ran).toEqual(["a", "b", "c"]);
  expect(worker.activations).toMatchObject([{ runId, lostAt: 0 }]);
  expect(rig.words().slice(0, 4)).toEqual(["b demand", "a lend", "a supply", "b activate"]);
  const steps = ["a answer", "b deliver"];
  expect(rig.words().slice(4)).toEqual([...steps, ...steps, ...steps, "a answer"]);
});

test("a run that waits keeps its worker, and what comes later is delivered to it", async () => {
  const [rig, a, b] = await two();
  const worker = a.worker({ scripts: { waits } });
  const runId = await b.start("waits");
  await rig.env.pass(1_000);
  await rig.env.run(b.client.signal({ runId }, { name: "go", payload: text("x") }));
  expect(await b.result(runId)).toBe("x");
  expect(worker.activations).toHaveLength(1);
  expect(worker.ran).toEqual(["before", "after"]);
});

test("a worker of the run's own node is first, and the coroutine of another's is not taken from it", async () => {
  const [rig, a, b] = await two();
  const there = a.worker({ id: "there", scripts: { three } });
  const here = b.worker({ id: "here", scripts: { three } });
  for (let n = 0; n < 5; n++) expect(await b.result(await b.start("three"))).toBe("123");
  await rig.env.pass(1_000);
  expect(there.activations).toEqual([]);
  expect(here.activations).toHaveLength(5);
  expect(rig.words()).toEqual([]);
});

test("the lease numbers of two engines are not confused", async () => {
  const [rig, a, b] = await two();
  const worker = a.worker({ scripts: { waits } });
  const mine = await a.start("waits");
  const theirs = await b.start("waits");
  await rig.env.pass(100);
  const leases = worker.activations.map(({ lease }) => lease);
  expect(new Set(leases).size).toBe(2);
  // Both engines began to count at 1; an answer reaches the one whose hold it names.
  const [far] = [...b.borrowed[0]!.holds.values()];
  expect(far).toMatchObject({ lease: 1, runId: theirs });
  worker.session.answer(mine, leases[1]!, forged);
  worker.session.answer(theirs, leases[0]!, forged);
  await rig.env.pass(100);
  const go = { name: "go", payload: text("x") };
  await rig.env.run(a.client.signal({ runId: mine }, go));
  await rig.env.run(b.client.signal({ runId: theirs }, go));
  expect([await a.result(mine), await b.result(theirs)]).toEqual(["x", "x"]);
});

const forged = { commands: [{ type: "run.complete", output: text("forged") }] } as const;

test("a run of this node is given up for a later owner of its partition only (N3)", async () => {
  const [rig, a, b] = await two();
  const worker = a.worker({ scripts: { waits } });
  await b.start("waits");
  const mine = await a.start("waits");
  await rig.env.pass(100);
  const own = worker.activations.find(({ runId }) => runId === mine)!;
  const [hold] = a.parts.registry.own;
  const live = hold!.holds.get(mine)!.live;
  const claims = (lease: number, epoch: number): void => {
    const activation = { ...own, lease };
    b.peers.to("a")!.tell("lending.activate", { loan: 1, activation, epoch });
  };
  const { epoch } = a.parts.partitions[live.home]!;
  claims(70, epoch);
  await rig.env.pass(200);
  expect(live.hold?.lease).toBe(own.lease);
  expect(rig.words().at(-1)).toBe("a release");
  claims(71, epoch + 1);
  await rig.env.pass(10);
  expect([live.hold, live.isVoid]).toEqual([undefined, true]);
  expect(worker.evicted).toEqual([mine]);
  expect(worker.activations.map(({ runId }) => runId === mine)).toEqual([true, false, true]);
});

test("a run that comes to its worker's own node is taken from whoever had it before", async () => {
  const [rig, a, b] = await two();
  const worker = a.worker({ scripts: { waits } });
  await b.start("waits");
  const mine = await a.start("waits");
  await rig.env.pass(100);
  const own = worker.activations.find(({ runId }) => runId === mine)!;
  const [registered] = a.parts.registry.own;
  a.parts.leases.end(registered!.holds.get(mine)!);
  // As when the other node had the run's partition until just now.
  b.peers.to("a")!.tell("lending.activate", {
    loan: 1,
    activation: { ...own, lease: 80 },
    epoch: 1_000,
  });
  await rig.env.pass(10);
  expect(registered!.lent).toMatchObject({ holds: 2 });
  await rig.env.run(a.client.signal({ runId: mine }, { name: "go", payload: text("x") }));
  expect(await a.result(mine)).toBe("x");
  await rig.env.pass(10);
  expect(worker.evicted.slice(0, 2)).toEqual([mine, mine]);
  expect(rig.words()).toContain("a release");
  expect(registered!.lent).toMatchObject({ holds: 1 });
});

test("queries and updates reach the code, and its refusals come back with their codes", async () => {
  const [rig, a, b] = await two();
  a.worker({ scripts: { waits } });
  const runId = await b.start("waits");
  await rig.env.pass(100);
  const query = (name: string) => rig.env.run(b.client.query({ runId }, name, text("")));
  expect(textOf(await query("seen"))).toMatch(/^\d+$/);
  await expect(query("other")).rejects.toMatchObject({ code: "query-failed" });
  const update = (id: string, name: string) =>
    rig.env.run(b.client.update({ runId }, name, text("5"), id));
  expect(textOf((await update("u1", "add"))!)).toBe("add: 5");
  await expect(update("u2", "refuse")).rejects.toMatchObject({ code: "update-rejected" });
});

test("a query of a run that nobody holds borrows a worker for it", async () => {
  const [rig, a, b] = await two({ idleMs: 500 });
  a.worker({ scripts: { waits } });
  const runId = await b.start("waits");
  await rig.env.pass(2_000);
  expect(b.borrowed).toEqual([]);
  const answer = await rig.env.run(b.client.query({ runId }, "seen", text("")));
  expect(textOf(answer)).toMatch(/^\d+$/);
});

test("a remote step is done by a worker of another node; its beats and its result are the run's", async () => {
  const [rig, a, b] = await two();
  b.worker({ id: "code", scripts: { remote } });
  const hands = a.worker({ id: "hands", tasks: { work: () => undefined } });
  const runId = await b.start("remote");
  await rig.env.pass(100);
  const [task] = hands.claimed;
  expect(task).toMatchObject({ token: { runId, key: "work", attempt: 1 }, maybeRan: false });
  const beat = await rig.env.run(hands.session.beat(task!.token, text("half")));
  expect(beat).toEqual({ cancelRequested: false });
  await rig.env.run(hands.session.result(task!.token, done));
  expect(await b.result(runId)).toBe("ok");
  await expect(rig.env.run(hands.session.result(task!.token, done))).rejects.toMatchObject({
    code: "stale",
  });
  await expect(rig.env.run(hands.session.beat(task!.token))).rejects.toMatchObject({
    code: "stale",
  });
});

test("a remote step that is not wanted any more is cancelled where it runs", async () => {
  const [rig, a, b] = await two();
  b.worker({ id: "code", scripts: { remote } });
  const hands = a.worker({ id: "hands", tasks: { work: () => undefined } });
  const runId = await b.start("remote");
  await rig.env.pass(100);
  await rig.env.run(b.client.terminate(runId));
  await rig.env.pass(100);
  const { token } = hands.claimed[0]!;
  expect(hands.cancelled).toEqual([token]);
  await expect(rig.env.run(hands.session.beat(token))).rejects.toMatchObject({ code: "stale" });
  await rig.env.run(hands.session.result(token, { type: "cancelled" })).catch(() => undefined);
  await rig.env.pass(100);
  expect(b.parts.tasks.running).toBe(0);
});

test("an attempt that the worker gives up is tried again, and says that it may have run", async () => {
  const [rig, a, b] = await two();
  b.worker({ id: "code", scripts: { remote } });
  const hands = a.worker({ id: "hands", tasks: { work: () => undefined } });
  const runId = await b.start("remote");
  await rig.env.pass(100);
  hands.session.abandon(hands.claimed[0]!.token);
  await rig.env.pass(5_000);
  expect(hands.claimed[1]).toMatchObject({ token: { runId, attempt: 2 }, maybeRan: true });
  await rig.env.run(hands.session.result(hands.claimed[1]!.token, done));
  expect(await b.result(runId)).toBe("ok");
});

test("a run that the worker gives back is held again, and knows whether it was busy", async () => {
  const [rig, a, b] = await two();
  const worker = a.worker({ scripts: { three } });
  worker.stuck.add("b");
  const runId = await b.start("three");
  await rig.env.pass(100);
  worker.stuck.clear();
  worker.session.release(runId, worker.activations[0]!.lease);
  expect(await b.result(runId)).toBe("123");
  expect(worker.activations[1]).toMatchObject({ lostAt: 2 });
});

test("a worker that pins has the runs that it borrowed on its version", async () => {
  const [rig, a, b] = await two();
  const options = { version: "v1", versioning: "pin" } as const;
  const old = a.worker({ id: "old", scripts: { waits }, options });
  const runId = await b.start("waits");
  await rig.env.pass(100);
  old.session.close();
  const young = b.worker({ id: "new", scripts: { waits }, options: { ...options, version: "v2" } });
  await rig.env.run(b.client.signal({ runId }, { name: "go", payload: text("x") }));
  await rig.env.pass(1_000);
  expect(young.activations).toEqual([]);
  const again = a.worker({ id: "again", scripts: { waits }, options });
  expect(await b.result(runId)).toBe("x");
  expect(again.activations).toHaveLength(1);
});

test("a worker is listed by its own node alone, with all that it has", async () => {
  const [rig, a, b] = await two();
  a.worker({ id: "hands", scripts: { waits }, tasks: { work: () => undefined } });
  await a.start("waits");
  await b.start("waits");
  await rig.env.pass(100);
  const listed = await rig.env.run(a.client.workers("test"));
  expect(listed).toMatchObject([{ id: "hands", holds: 2, phase: "open" }]);
  expect(await rig.env.run(b.client.workers("test"))).toEqual([]);
});

test("why knows of workers elsewhere that have the code but no room", async () => {
  const [rig, a, b] = await two();
  const worker = a.worker({ scripts: { three }, options: { runSlots: 1 } });
  worker.stuck.add("a");
  const mine = await a.start("three");
  await rig.env.pass(50);
  const runId = await b.start("three");
  await rig.env.pass(1_000);
  const { parts } = b;
  expect(parts.matcher.serves("test", "main", "three", "workflow")).toBe("yes");
  expect(parts.matcher.serves("test", "main", "four", "workflow")).toBe("nobody");
  const held = await rig.env.run(b.client.why(runId));
  expect(JSON.stringify(held)).toContain(`worker has ${mine}`);
  const other = await b.start("four");
  await rig.env.pass(1_000);
  expect(parts.matcher.serves("test", "main", "four", "workflow")).toBe("unknown-name");
  const told = await rig.env.run(b.client.why(other));
  expect(JSON.stringify(told)).toContain("four");
  worker.session.close();
  await rig.env.pass(1_000);
  expect(parts.matcher.serves("test", "main", "three", "workflow")).toBe("nobody");
  expect(await rig.env.run(b.client.why(runId))).toBeDefined();
});

test("a step of the code that takes long is told to the run's node", async () => {
  const [rig, a, b] = await two();
  const worker = a.worker({ scripts: { three } });
  worker.stuck.add("a");
  const since = rig.env.now();
  Object.assign(worker, { doing: () => ({ key: "a", since }) });
  const runId = await b.start("three");
  await rig.env.pass(3_500);
  expect(b.borrowed[0]!.worker.doing?.(runId)).toEqual({ key: "a", since });
});

test("names that no worker has are asked for, in turn when they are many", async () => {
  const [rig, a, b] = await two();
  const one: Script = function* () {
    return yield { step: "only", do: () => "done" };
  };
  const names = Array.from({ length: 300 }, (_, n) => `w${n}`);
  for (const name of names) await b.start(name);
  await rig.env.pass(1_000);
  const runId = await b.start("last");
  a.worker({ scripts: { last: one } });
  await rig.env.pass(2_000);
  expect(await b.result(runId)).toBe("done");
  const lists = rig.net.heard.flatMap(({ message }) =>
    message.type === "tell" && message.word === "lending.demand"
      ? [(message.body as { wants: readonly unknown[] }).wants.length]
      : [],
  );
  expect(Math.max(...lists)).toBe(256);
});
