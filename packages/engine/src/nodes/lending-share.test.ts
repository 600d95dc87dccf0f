import { describe, expect, test } from "vitest";
import { Gauge } from "../testing/gauge.test-support.ts";
import { text } from "../testing/payloads.test-support.ts";
import { LendingRig, type LendingNode } from "../testing/lending-rig.test-support.ts";
import { ScriptedWorker, type Script } from "../testing/scripted-worker.test-support.ts";
import { remote, three, waits } from "../testing/scripts.test-support.ts";
import type { WorkerOptions } from "../worker.ts";

const go = { name: "go", payload: text("x") };
const done = { type: "completed", output: text("ok") } as const;
const there: Script = function* () {
  return yield { task: "work", spec: { queue: "there" } };
};

/** A worker at `node` whose steps take `ms` each, and what it had at most at a time. */
function hands(rig: LendingRig, node: LendingNode, ms: number, options: Partial<WorkerOptions>) {
  const gauge = new Gauge(node.parts.registry, () => rig.env.now());
  const tasks = { work: () => undefined };
  const worker = new ScriptedWorker({ id: "hands", tasks, options }, (call) => rig.env.defer(call));
  const claim = worker.runTask.bind(worker);
  worker.runTask = (task) => {
    claim(task);
    rig.env.after(ms, () => void worker.session.result(task.token, done).catch(() => undefined));
  };
  worker.join(gauge);
  return { gauge, worker };
}

const onQueues = (...queues: readonly { name: string; concurrency?: number }[]) => ({
  queues: queues.map((queue) => ({ workflows: [], tasks: ["work"], ...queue })),
});

async function startMany(node: LendingNode, workflow: string, count: number) {
  const runs = [];
  for (let n = 0; n < count; n++) runs.push(await node.start(workflow));
  return runs;
}

async function expectAllDone(nodes: readonly LendingNode[], runs: readonly (readonly string[])[]) {
  for (const [at, node] of nodes.entries()) {
    for (const runId of runs[at] ?? []) expect(await node.result(runId as never)).toBe("ok");
  }
}

describe("the slots of a worker", () => {
  test("are never exceeded, whoever has work for them", async () => {
    for (const taskSlots of [1, 2, 3, 7]) {
      const rig = await LendingRig.of(["a", "b", "c"]);
      const { gauge } = hands(rig, rig.nodes[0]!, 30, { taskSlots });
      for (const node of rig.nodes) node.worker({ id: `code ${node.id}`, scripts: { remote } });
      const runs = [];
      for (const node of rig.nodes) runs.push(await startMany(node, "remote", 12));
      await expectAllDone(rig.nodes, runs);
      expect(gauge.mostTasks).toBe(taskSlots);
    }
  });

  test("for coroutines are never exceeded either, and those that wait make room", async () => {
    const rig = await LendingRig.of(["a", "b", "c"]);
    const [a] = rig.nodes;
    const gauge = new Gauge(a!.parts.registry, () => rig.env.now());
    const choices = { scripts: { waits, three }, options: { runSlots: 3 } };
    new ScriptedWorker(choices, (call) => rig.env.defer(call)).join(gauge);
    const waiting = [];
    for (const node of rig.nodes) waiting.push(await startMany(node, "waits", 4));
    await rig.env.pass(3_000);
    for (const [at, node] of rig.nodes.entries()) {
      for (const runId of await startMany(node, "three", 3)) {
        expect(await node.result(runId)).toBe("123");
      }
      for (const runId of waiting[at]!) {
        await rig.env.run(node.client.signal({ runId }, go));
        expect(await node.result(runId)).toBe("x");
      }
    }
    expect(gauge.mostRuns).toBe(3);
  });

  test("for coroutines are not exceeded by code that takes its time", async () => {
    for (const runSlots of [1, 2, 5]) {
      const rig = await LendingRig.of(["a", "b", "c"]);
      const gauge = new Gauge(rig.nodes[0]!.parts.registry, () => rig.env.now());
      const slowly = (call: () => void): void => void rig.env.after(15, call);
      new ScriptedWorker({ scripts: { three }, options: { runSlots } }, slowly).join(gauge);
      const runs = [];
      for (const node of rig.nodes.toReversed()) runs.push(await startMany(node, "three", 8));
      for (const [at, node] of rig.nodes.toReversed().entries()) {
        for (const runId of runs[at]!) expect(await node.result(runId)).toBe("123");
      }
      expect(gauge.mostRuns).toBe(runSlots);
    }
  });

  test("of hundreds of workers are found, though not all are looked at each time", async () => {
    const rig = await LendingRig.of(["a", "b"]);
    const [a, b] = rig.nodes as [LendingNode, LendingNode];
    b.worker({ id: "code", scripts: { remote }, options: { runSlots: 1_000 } });
    const tasks = { work: () => undefined };
    const many = Array.from({ length: 600 }, (_, n) =>
      a.worker({ id: `w${n}`, tasks, options: { taskSlots: 1 } }),
    );
    await startMany(b, "remote", 600);
    await rig.env.pass(1_000);
    expect(many.filter(({ claimed }) => claimed.length === 1)).toHaveLength(600);
  });

  test("are asked for once, however long the way is", async () => {
    const rig = await LendingRig.of(["a", "b"]);
    const [a, b] = rig.nodes as [LendingNode, LendingNode];
    const worker = a.worker({ scripts: { three }, options: { runSlots: 10 } });
    worker.stuck.add("a");
    rig.net.latencyMs = 200;
    await b.start("three");
    await rig.env.pass(2_000);
    expect(b.borrowed).toMatchObject([{ runSlots: 1 }]);
    expect(worker.activations).toHaveLength(1);
  });

  test("are everybody's in turn when there is one and all have work without end", async () => {
    const rig = await LendingRig.of(["a", "b", "c"]);
    const { gauge } = hands(rig, rig.nodes[0]!, 20, { taskSlots: 1 });
    for (const node of rig.nodes) node.worker({ id: `code ${node.id}`, scripts: { remote } });
    const runs = [];
    for (const node of rig.nodes) runs.push(await startMany(node, "remote", 300));
    await rig.env.pass(5_000);
    const left = rig.nodes.map(({ parts }) => parts.matcher.waiting("task"));
    // 250 steps in all: nobody has less than a fifth of what would be fair.
    for (const count of left) expect(300 - count).toBeGreaterThan(16);
    expect(gauge.mostTasks).toBe(1);
  });
});

describe("a slot that is lent", () => {
  test("comes back at once for work of its own node when it is idle", async () => {
    const rig = await LendingRig.of(["a", "b"]);
    const [a, b] = rig.nodes as [LendingNode, LendingNode];
    const worker = a.worker({ scripts: { waits, three }, options: { runSlots: 1 } });
    const idle = await b.start("waits");
    await rig.env.pass(100);
    expect(b.borrowed).toHaveLength(1);
    const before = rig.env.now();
    expect(await a.result(await a.start("three"))).toBe("123");
    expect(rig.env.now() - before).toBeLessThan(100);
    expect(worker.evicted[0]).toBe(idle);
  });

  test("that is busy stays with its borrower up to a share, and comes back when it is done", async () => {
    const rig = await LendingRig.of(["a", "b"]);
    const [a, b] = rig.nodes as [LendingNode, LendingNode];
    b.worker({ id: "code", scripts: { remote } });
    a.worker({ id: "code", scripts: { remote } });
    const options = { taskSlots: 4 };
    const worker = a.worker({ id: "hands", tasks: { work: () => undefined }, options });
    await startMany(b, "remote", 8);
    await rig.env.pass(1_000);
    expect(worker.claimed).toHaveLength(4);
    const own = await startMany(a, "remote", 8);
    await rig.env.pass(1_000);
    // As they end, two of the four stay with the other node and two come home.
    for (const { token } of worker.claimed.slice()) {
      await rig.env.run(worker.session.result(token, done));
    }
    await rig.env.pass(1_000);
    const mine = worker.claimed.slice(4).filter(({ token }) => own.includes(token.runId));
    expect([worker.claimed.length, mine.length]).toEqual([8, 2]);
  });

  test("with code in progress comes back as soon as the code waits", async () => {
    const rig = await LendingRig.of(["a", "b"]);
    const [a, b] = rig.nodes as [LendingNode, LendingNode];
    const worker = a.worker({ scripts: { waits, three }, options: { runSlots: 2 } });
    worker.stuck.add("before");
    const theirs = await startMany(b, "waits", 2);
    await rig.env.pass(100);
    const mine = await startMany(a, "three", 2);
    await rig.env.pass(1_000);
    expect(worker.activations.map(({ runId }) => runId)).toEqual(theirs);
    const { lease, runId } = worker.activations[0]!;
    const step = { key: "before", ordinal: 1, name: "before", attempt: 1, output: text("") };
    const on = { type: "signal", name: "go" } as const;
    const wait = { type: "wait.start", key: "wait:go", ordinal: 2, on } as const;
    const commands = [{ type: "step.complete", ...step } as const, wait];
    const before = rig.env.now();
    worker.session.answer(runId, lease, { commands, through: 4 });
    for (const own of mine) expect(await a.result(own)).toBe("123");
    expect(rig.env.now() - before).toBeLessThan(50);
  });

  test("is not for runs that a worker of their own node can make room for", async () => {
    const rig = await LendingRig.of(["a", "b"]);
    const [a, b] = rig.nodes as [LendingNode, LendingNode];
    const far = a.worker({ id: "far", scripts: { waits, three } });
    await startMany(b, "three", 1);
    await rig.env.pass(100);
    const near = b.worker({ id: "near", scripts: { waits, three }, options: { runSlots: 1 } });
    for (let n = 0; n < 3; n++) {
      await b.start("waits");
      await rig.env.pass(100);
    }
    expect([near.activations.length, far.activations.length]).toEqual([3, 1]);
  });

  test("goes back when it has not been needed for a while, and then there is silence", async () => {
    const rig = await LendingRig.of(["a", "b"], { idleMs: 1_000 });
    const [a, b] = rig.nodes as [LendingNode, LendingNode];
    const worker = a.worker({ scripts: { waits }, options: { runSlots: 8 } });
    const runs = await startMany(b, "waits", 3);
    await rig.env.pass(500);
    expect(b.borrowed).toHaveLength(1);
    await rig.env.pass(3_000);
    expect(b.borrowed).toEqual([]);
    expect(worker.evicted).toHaveLength(3);
    const said = rig.words().length;
    await rig.env.pass(60_000);
    expect(rig.words()).toHaveLength(said);
    const [runId] = runs;
    await rig.env.run(b.client.signal({ runId: runId! }, go));
    expect(await b.result(runId!)).toBe("x");
  });

  test("is kept by whoever goes on to need it", async () => {
    const rig = await LendingRig.of(["a", "b"], { idleMs: 1_000 });
    const [a, b] = rig.nodes as [LendingNode, LendingNode];
    a.worker({ scripts: { three } });
    for (let n = 0; n < 20; n++) {
      expect(await b.result(await b.start("three"))).toBe("123");
      await rig.env.pass(300);
    }
    expect(rig.words().filter((word) => word === "a lend")).toHaveLength(1);
  });
});

describe("a queue", () => {
  test("with a concurrency has no more steps at a time on its worker over all nodes", async () => {
    const rig = await LendingRig.of(["a", "b", "c"]);
    const options = {
      taskSlots: 16,
      ...onQueues({ name: "main", concurrency: 2 }, { name: "there" }),
    };
    const { gauge } = hands(rig, rig.nodes[0]!, 30, options);
    for (const node of rig.nodes)
      node.worker({ id: `code ${node.id}`, scripts: { remote, there } });
    const runs = [];
    for (const node of rig.nodes.toReversed()) {
      runs.push([...(await startMany(node, "remote", 8)), ...(await startMany(node, "there", 8))]);
      await rig.env.pass(20);
    }
    await expectAllDone(rig.nodes.toReversed(), runs);
    expect(gauge.mostOfQueue.get("main")).toBe(2);
    expect(gauge.mostTasks).toBeLessThanOrEqual(16);
    expect(gauge.mostOfQueue.get("there")).toBeGreaterThan(2);
  });

  test("with a rate starts no more of them, whichever nodes they come from", async () => {
    const rig = await LendingRig.of(["a", "b", "c"]);
    const rate = { perSecond: 10, burst: 3 };
    const options = { queues: [{ name: "main", workflows: [], tasks: ["work"], rate }] };
    const { gauge } = hands(rig, rig.nodes[0]!, 5, options);
    for (const node of rig.nodes) node.worker({ id: `code ${node.id}`, scripts: { remote } });
    const runs = [];
    for (const node of rig.nodes) runs.push(await startMany(node, "remote", 20));
    await expectAllDone(rig.nodes, runs);
    expect(gauge.starts).toHaveLength(60);
    for (const [at, first] of gauge.starts.entries()) {
      for (const last of gauge.starts.slice(at)) {
        const started = gauge.starts.filter((one) => one >= first && one <= last).length;
        expect(started).toBeLessThanOrEqual(3 + (10 * (last - first)) / 1_000 + 1e-6);
      }
    }
  });
});
