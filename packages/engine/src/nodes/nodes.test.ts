import { partitionOf, PerdureError, runStream, type RunId } from "@perdure/kernel";
import { MemoryStore } from "@perdure/store";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ClusterRig, type ClusterNode } from "../testing/cluster.test-support.ts";
import type { NodeOptions } from "./node-options.ts";
import { text, textOf } from "../testing/payloads.test-support.ts";
import type { WorkerChoices } from "../testing/scripted-worker.test-support.ts";
import { parent, remote, sleeps, three, waits } from "../testing/scripts.test-support.ts";

const choices: WorkerChoices = {
  scripts: { parent, remote, sleeps, three, waits },
  tasks: { work: () => "done" },
};

describe("nodes on one store", () => {
  test("the first has everything, and every other gets its share of it", async () => {
    const rig = new ClusterRig(6);
    await rig.open("a");
    await rig.env.pass(1_000);
    expect(await rig.owners()).toEqual(["a", "a", "a", "a", "a", "a"]);
    await rig.open("b");
    await rig.env.pass(2_000);
    expect(count(await rig.owners())).toEqual({ a: 3, b: 3 });
    await rig.open("c");
    await rig.env.pass(2_000);
    expect(count(await rig.owners())).toEqual({ a: 2, b: 2, c: 2 });
  });

  test("what a killed node had is taken within its lease and a beat, and its runs go on", async () => {
    const { rig, nodes } = await threeNodes();
    const [a, b, c] = nodes;
    for (const [n, node] of nodes.entries()) node.worker({ ...choices, id: `w${n}` });
    const runId = await startOn(rig.env, c, "waits");
    await rig.env.pass(100);
    await c.kill();
    const before = rig.env.now();
    await until(rig, async () => !(await rig.owners()).includes("c"));
    expect(rig.env.now() - before).toBeLessThanOrEqual(2_000 + 500 + 100);
    const owner = await ownerOf(rig, [a, b], runId);
    await rig.env.run(owner.engine.signal({ runId }, { name: "go", payload: text("on") }));
    const outcome = await rig.env.run(owner.engine.outcome(runId));
    expect(outcome.status === "completed" && textOf(outcome.output)).toBe("on");
  });

  test("a living node that was forgotten as dead takes again what the store says is nobody's", async () => {
    const rig = new ClusterRig(4);
    const a = await rig.open("a");
    await rig.env.pass(1_000);
    a.worker({ ...choices, id: "w1" });
    const runId = await startOn(rig.env, a, "waits");
    const other = { id: "b", address: "", version: "", startedAt: 0, beat: 0, isLeaving: true };
    await rig.env.run(new MemoryStore(rig.disk).beat(other, ["a", "b"]));
    expect(await rig.owners()).toEqual([undefined, undefined, undefined, undefined]);
    await rig.env.pass(2_000);
    expect(await rig.owners()).toEqual(["a", "a", "a", "a"]);
    await rig.env.run(a.engine.signal({ runId }, { name: "go", payload: text("on") }));
    expect((await rig.env.run(a.engine.outcome(runId))).status).toBe("completed");
  });

  test("a node that leaves gives its partitions without leaving anything in doubt", async () => {
    const { rig, nodes } = await threeNodes();
    const [a, b, c] = nodes;
    const workers = nodes.map((node, n) => node.worker({ ...choices, id: `w${n}` }));
    const runId = await startOn(rig.env, c, "waits");
    await rig.env.pass(100);
    await rig.env.run(c.engine.close());
    await rig.env.pass(2_000);
    expect(await rig.owners()).not.toContain("c");
    const owner = await ownerOf(rig, [a, b], runId);
    await rig.env.run(owner.engine.signal({ runId }, { name: "go", payload: text("on") }));
    await rig.env.run(owner.engine.outcome(runId));
    const told = workers.flatMap(({ activations }) => activations);
    expect(told.filter((one) => one.runId === runId).map(({ lostAt }) => lostAt)).toEqual([0, 0]);
    expect(rig.env.logged).toEqual([]);
  });

  test("a node that closes says nothing of the partitions that it was about to take", async () => {
    const { rig } = await threeNodes();
    const closed = Promise.withResolvers<never>();
    const opening = vi.spyOn(MemoryStore.prototype, "open").mockReturnValue(closed.promise);
    onTestFinished(() => void opening.mockRestore());
    const d = await rig.open("d");
    await rig.env.pass(2_000);
    expect(opening).toHaveBeenCalled();
    const closing = d.engine.close();
    await rig.env.still();
    closed.reject(new PerdureError("closed", "The store is closed: open it again."));
    await rig.env.run(closing);
    expect(rig.env.logged).toEqual([]);
  });

  test("a node that was frozen past its lease answers for nothing and takes its share again", async () => {
    const { rig, nodes } = await threeNodes({ forwardMs: 0 });
    const [, , c] = nodes;
    const runId = await startOn(rig.env, c, "waits");
    c.freeze();
    await until(rig, async () => !(await rig.owners()).includes("c"));
    c.thaw();
    await expect(rig.env.run(c.engine.describe(runId))).rejects.toMatchObject({
      code: "unavailable",
    });
    await rig.env.pass(3_000);
    expect(c.stopped).toBeUndefined();
    expect(count(await rig.owners())).toEqual({ a: 2, b: 2, c: 2 });
  });

  test("a partition that another has taken is let go of, and the others go on", async () => {
    const { rig, nodes } = await threeNodes({ forwardMs: 0 });
    const [a] = nodes;
    a.worker({ ...choices, id: "w" });
    const lost = (await rig.owners()).indexOf("a");
    await rig.env.run(new MemoryStore(rig.disk).open(lost));
    const runs = await Promise.all([1, 2, 3, 4].map(() => startOn(rig.env, a, "three")));
    for (const runId of runs) {
      expect((await rig.env.run(a.engine.outcome(runId))).status).toBe("completed");
    }
    expect(a.stopped).toBeUndefined();
  });

  test("a sleeping run is woken once, by whoever has it then", async () => {
    const { rig, nodes } = await threeNodes();
    const [a, b, c] = nodes;
    for (const [n, node] of nodes.entries()) node.worker({ ...choices, id: `w${n}` });
    const runId = await startOn(rig.env, c, "sleeps");
    await rig.env.pass(200_000);
    await c.kill();
    await rig.env.pass(3_600_000);
    const owner = await ownerOf(rig, [a, b], runId);
    await rig.env.run(owner.engine.outcome(runId));
    const kinds = (await rig.env.run(owner.engine.journal(runId))).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "timer.fired")).toHaveLength(1);
  });

  test("an attempt whose node died is lost once, and tried again", async () => {
    const { rig, nodes } = await threeNodes();
    const [a, b, c] = nodes;
    const stuck = c.worker({ scripts: { remote }, tasks: { work: () => undefined }, id: "stuck" });
    const runId = await startOn(rig.env, c, "remote");
    await until(rig, async () => stuck.claimed.length > 0);
    await c.kill();
    for (const [n, node] of [a, b].entries()) node.worker({ ...choices, id: `w${n}` });
    await until(rig, async () => !(await rig.owners()).includes("c"));
    const owner = await ownerOf(rig, [a, b], runId);
    const outcome = await rig.env.run(owner.engine.outcome(runId));
    expect(outcome.status).toBe("completed");
  });
});

async function threeNodes(options: Partial<NodeOptions> = {}): Promise<{
  rig: ClusterRig;
  nodes: readonly [ClusterNode, ClusterNode, ClusterNode];
}> {
  const rig = new ClusterRig(6);
  const nodes = [
    await rig.open("a", options),
    await rig.open("b", options),
    await rig.open("c", options),
  ] as const;
  await rig.env.pass(3_000);
  return { rig, nodes };
}

/** Runs begin on a node in its own partitions; which one a start meets is chance. */
async function startOn(
  env: ClusterRig["env"],
  { engine }: ClusterNode,
  workflow: string,
): Promise<RunId> {
  for (let tries = 0; ; tries++) {
    try {
      const request = { namespace: "test", queue: "main", workflow, input: text("") };
      return (await env.run(engine.start(request))).runId;
    } catch (error) {
      if (!(error instanceof PerdureError) || error.retry === "never" || tries > 100) throw error;
    }
  }
}

function homeOf({ disk }: ClusterRig, runId: RunId): number {
  return partitionOf(runStream(runId), disk.partitions);
}

async function ownerOf(
  rig: ClusterRig,
  nodes: readonly ClusterNode[],
  runId: RunId,
): Promise<ClusterNode> {
  const name = (await rig.owners())[homeOf(rig, runId)];
  const owner = nodes.find((node) => rig.nodes.get(name ?? "") === node);
  if (owner === undefined) throw new Error(`nobody that lives has ${runId}`);
  return owner;
}

async function until(rig: ClusterRig, isThere: () => Promise<boolean>): Promise<void> {
  for (let turns = 0; !(await isThere()); turns++) {
    if (turns > 1_000) throw new Error("it did not come about");
    await rig.env.pass(50);
  }
}

function count(owners: readonly (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const owner of owners) counts[owner ?? "nobody"] = (counts[owner ?? "nobody"] ?? 0) + 1;
  return counts;
}
