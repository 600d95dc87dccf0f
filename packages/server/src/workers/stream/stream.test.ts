import { afterEach, describe, expect, test } from "vitest";
import type { Outcome, RunId } from "@perdure/kernel";
import { task, workflow, type AnyTask, type AnyWorkflow } from "perdure";
import type { StreamWorker } from "perdure/worker";
import { Node, Proxy, until, workerOf } from "./stream-rig.test-support.ts";

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function openNode(choices: Parameters<typeof Node.open>[0] = {}): Promise<Node> {
  const node = await Node.open(choices);
  closers.push(() => node.close());
  return node;
}

async function openProxy(node: Node): Promise<Proxy> {
  const proxy = await Proxy.open(node.port);
  closers.push(() => proxy.close());
  return proxy;
}

async function join(
  url: string,
  code: { workflows?: readonly AnyWorkflow[]; tasks?: readonly AnyTask[] },
  more: Parameters<typeof workerOf>[2] = {},
): Promise<StreamWorker> {
  const worker = workerOf(url, code, more);
  closers.push(() => worker.close());
  await worker.start();
  return worker;
}

const encoder = new TextEncoder();
const json = (value: unknown) => ({
  encoding: "json",
  data: encoder.encode(JSON.stringify(value)),
});
const valueOf = (outcome: Outcome): unknown =>
  outcome.status === "completed"
    ? JSON.parse(new TextDecoder().decode(outcome.output.data))
    : outcome;

async function start(node: Node, name: string, input: unknown = null): Promise<RunId> {
  const request = { namespace: "default", queue: "default", workflow: name, input: json(input) };
  return (await node.engine.start(request)).runId;
}

describe("a worker over a WebSocket", () => {
  test("runs workflows, tasks, queries and updates as one in the process does", async () => {
    const double = task({ name: "double" }, async (n: number) => n * 2);
    const sums = workflow({ name: "sums" }, async (ctx, n: number) => {
      let sum = await ctx.step("first", () => n);
      sum += await ctx.run(double, n);
      ctx.onQuery("sum", () => sum);
      ctx.onUpdate("add", (more) => (sum += more as number));
      await ctx.waitFor("go");
      return sum;
    });
    const node = await openNode();
    await join(node.url, { workflows: [sums], tasks: [double] });
    const runId = await start(node, "sums", 2);
    await until(async () =>
      (await node.engine.journal(runId)).some(({ kind }) => kind === "wait.started"),
    );
    const asked = await node.engine.query({ runId }, "sum", json(null));
    expect(new TextDecoder().decode(asked.data)).toBe("6");
    const added = await node.engine.update({ runId }, "add", json(4));
    expect(new TextDecoder().decode(added!.data)).toBe("10");
    await node.engine.signal({ runId }, { name: "go" });
    expect(valueOf(await node.engine.outcome(runId))).toBe(10);
  });

  test("goes on after its connection was cut at any byte, and repeats no finished step", async () => {
    const ran = new Map<string, number>();
    const steps = workflow({ name: "steps" }, async (ctx) => {
      for (let i = 0; i < 20; i++) {
        await ctx.step(`s${i}`, () => {
          ran.set(`s${i}`, (ran.get(`s${i}`) ?? 0) + 1);
        });
      }
      return "done";
    });
    const node = await openNode();
    const proxy = await openProxy(node);
    await join(proxy.url, { workflows: [steps] });
    for (let cut = 0; cut < 24; cut++) {
      ran.clear();
      const before = proxy.connections;
      // In the middle of a frame, of one direction and then of the other.
      if (cut % 2 === 0) proxy.budget = { up: 40 + cut * 97, down: Infinity };
      else proxy.budget = { up: Infinity, down: 40 + cut * 131 };
      const runId = await start(node, "steps");
      expect(valueOf(await node.engine.outcome(runId))).toBe("done");
      expect([...ran.values()]).toEqual(Array(20).fill(1));
      const journal = await node.engine.journal(runId);
      expect(journal.some((event) => "maybeRan" in event)).toBe(false);
      if (proxy.budget.up === Infinity && proxy.budget.down === Infinity)
        await until(() => proxy.connections > before);
    }
    expect(proxy.connections).toBeGreaterThan(12);
  });
});
