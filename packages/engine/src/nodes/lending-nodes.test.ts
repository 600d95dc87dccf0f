import { runStream, partitionOf, type RunId } from "@perdure/kernel";
import { describe, expect, test } from "vitest";
import { ClusterRig, type ClusterNode } from "../testing/cluster.test-support.ts";
import { Gauge } from "../testing/gauge.test-support.ts";
import { Loopback } from "../testing/loopback.test-support.ts";
import { text, textOf } from "../testing/payloads.test-support.ts";
import { ScriptedWorker, type Script } from "../testing/scripted-worker.test-support.ts";
import { three, waits } from "../testing/scripts.test-support.ts";

const go = { name: "go", payload: text("x") };
const everything: Script = function* () {
  const first = yield { step: "first", do: () => "1" };
  const work = yield { task: "work" };
  const last = yield { step: "last", do: () => "2" };
  return first + work + last;
};
const code = { scripts: { everything, three, waits }, tasks: { work: () => "ok" } };

async function open(...names: string[]): Promise<[ClusterRig, ...ClusterNode[]]> {
  const rig = new ClusterRig(6, (env) => new Loopback(env));
  const nodes = [];
  for (const name of names) nodes.push(await rig.open(name));
  await rig.env.pass(3_000);
  return [rig, ...nodes];
}

async function start(rig: ClusterRig, node: ClusterNode, workflow: string): Promise<RunId> {
  const request = { namespace: "test", queue: "main", workflow, input: text("") };
  return (await rig.env.run(node.engine.start(request))).runId;
}

async function result(rig: ClusterRig, node: ClusterNode, runId: RunId): Promise<string> {
  const outcome = await rig.env.run(node.engine.outcome(runId));
  return outcome.status === "completed" ? textOf(outcome.output) : outcome.status;
}

/** A worker that is asked for a run it has already throws. */
function gauged(rig: ClusterRig, node: ClusterNode, id: string): ScriptedWorker {
  const gauge = new Gauge(node.engine, () => rig.env.now());
  return new ScriptedWorker({ ...code, id }, (call) => node.env.defer(call)).join(gauge);
}

const homeOf = ({ disk }: ClusterRig, runId: RunId): number =>
  partitionOf(runStream(runId), disk.partitions);

describe("a worker at one node of several", () => {
  test("runs what is in the partitions of all of them", async () => {
    const [rig, a, b, c] = await open("a", "b", "c");
    const worker = gauged(rig, c!, "w");
    const runs = [];
    for (let n = 0; n < 12; n++) runs.push(await start(rig, [a!, b!, c!][n % 3]!, "everything"));
    for (const runId of runs) expect(await result(rig, a!, runId)).toBe("1ok2");
    expect(new Set(runs.map((runId) => homeOf(rig, runId))).size).toBeGreaterThan(3);
    expect(worker.ran).toHaveLength(24);
    expect(rig.env.logged).toEqual([]);
  });

  test("keeps a run whose partition moves to its own node, and no step is in doubt", async () => {
    const [rig, a, b] = await open("a", "b");
    const worker = gauged(rig, a!, "w");
    const runs = [];
    for (let n = 0; n < 8; n++) runs.push(await start(rig, b!, "waits"));
    await rig.env.pass(500);
    await rig.env.run(b!.engine.close());
    await rig.env.pass(3_000);
    expect(new Set(await rig.owners())).toEqual(new Set(["a"]));
    for (const runId of runs) {
      await rig.env.run(a!.engine.signal({ runId }, go));
      expect(await result(rig, a!, runId)).toBe("x");
    }
    expect(worker.activations.every(({ lostAt }) => lostAt === 0)).toBe(true);
    expect(worker.ran).toHaveLength(16);
  });

  test("goes on with a run whose owner was killed, for the next owner, which says what is in doubt", async () => {
    const [rig, a, b] = await open("a", "b");
    const worker = gauged(rig, a!, "w");
    worker.stuck.add("b");
    const runs = [];
    for (let n = 0; n < 4; n++) runs.push(await start(rig, b!, "three"));
    await rig.env.pass(500);
    worker.stuck.clear();
    await b!.kill();
    for (const runId of runs) expect(await result(rig, a!, runId)).toBe("123");
    expect(worker.evicted).toEqual(expect.arrayContaining(runs));
    for (const runId of runs) {
      const told = worker.activations.filter((one) => one.runId === runId);
      expect(told.map(({ lostAt }) => lostAt)).toEqual([0, expect.any(Number)]);
    }
  });

  test("whose node is killed is lost to all, and another node's takes over", async () => {
    const [rig, a, b, c] = await open("a", "b", "c");
    const worker = gauged(rig, c!, "w");
    worker.stuck.add("b");
    const runs = [];
    for (let n = 0; n < 6; n++) runs.push(await start(rig, [a!, b!][n % 2]!, "three"));
    await rig.env.pass(500);
    expect(worker.activations).toHaveLength(6);
    await c!.kill();
    const next = gauged(rig, b!, "next");
    for (const runId of runs) expect(await result(rig, a!, runId)).toBe("123");
    for (const { lostAt } of next.activations) expect(lostAt).toBe(2);
  });

  test("whose node leaves finishes what it has, and waits for nobody", async () => {
    const [rig, a, b] = await open("a", "b");
    const worker = gauged(rig, b!, "w");
    const waiting = [];
    for (let n = 0; n < 3; n++) waiting.push(await start(rig, a!, "waits"));
    await rig.env.pass(500);
    const before = rig.env.now();
    await rig.env.run(b!.engine.close());
    expect(rig.env.now() - before).toBeLessThan(5_000);
    const next = gauged(rig, a!, "next");
    for (const runId of waiting) {
      await rig.env.run(a!.engine.signal({ runId }, go));
      expect(await result(rig, a!, runId)).toBe("x");
    }
    expect(worker.ran).toEqual(["before", "before", "before"]);
    expect(next.activations.every(({ lostAt }) => lostAt === 0)).toBe(true);
  });

  test("whose node was frozen past its lease is not spoken for by what thaws", async () => {
    const [rig, a, b] = await open("a", "b");
    const worker = gauged(rig, b!, "w");
    worker.stuck.add("b");
    const mine = [];
    for (let n = 0; n < 6; n++) mine.push(await start(rig, b!, "three"));
    await rig.env.pass(500);
    b!.freeze();
    await rig.env.pass(4_000);
    const next = gauged(rig, a!, "next");
    for (const runId of mine) expect(await result(rig, a!, runId)).toBe("123");
    worker.stuck.clear();
    b!.thaw();
    await rig.env.pass(4_000);
    const runId = await start(rig, b!, "everything");
    expect(await result(rig, b!, runId)).toBe("1ok2");
    expect(next.activations.length).toBeGreaterThan(5);
  });
});
