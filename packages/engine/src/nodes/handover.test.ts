/** A partition that is to go to another node while a step in it takes its time. */
import { partitionOf, runStream, type RunId } from "@perdure/kernel";
import { expect, test } from "vitest";
import type { ClusterNode } from "../testing/cluster.test-support.ts";
import { text } from "../testing/payloads.test-support.ts";
import { remote, waits } from "../testing/scripts.test-support.ts";
import { base, TalkingCluster } from "../testing/talking-cluster.test-support.ts";

const PARTITIONS = 6;

/** A node with a worker whose tasks are never over, and a run of both kinds in each partition. */
async function busyNode(): Promise<{
  readonly cluster: TalkingCluster;
  readonly a: ClusterNode;
  readonly waiting: readonly RunId[];
}> {
  const cluster = new TalkingCluster(PARTITIONS);
  const a = await cluster.rig.open("a", { handoverMs: 5_000 });
  cluster.nodes.push(a);
  a.worker({
    scripts: { remote, waits },
    tasks: { work: () => undefined },
    options: { taskSlots: 100 },
  });
  await cluster.settle();
  await inEach(cluster, a, "remote");
  const waiting = await inEach(cluster, a, "waits");
  await cluster.env.pass(100);
  return { cluster, a, waiting };
}

async function inEach(
  cluster: TalkingCluster,
  { engine }: ClusterNode,
  workflow: string,
): Promise<readonly RunId[]> {
  const runs = new Map<number, RunId>();
  while (runs.size < PARTITIONS) {
    const { runId } = await cluster.run(engine.start({ ...base, workflow }));
    runs.set(partitionOf(runStream(runId), PARTITIONS), runId);
  }
  return [...runs.values()];
}

test("takes calls as ever until it goes", async () => {
  const { cluster, a, waiting } = await busyNode();
  await cluster.join("b");
  await cluster.env.pass(1_500);
  expect(await cluster.rig.owners()).not.toContain("b");
  const before = cluster.env.now();
  for (const runId of waiting) {
    await cluster.run(a.engine.signal({ runId }, { name: "other", payload: text("") }));
    await cluster.run(a.engine.describe(runId));
  }
  expect(cluster.env.now() - before).toBeLessThan(100);
  await cluster.env.pass(6_000);
  expect(await cluster.rig.owners()).toContain("b");
  for (const runId of waiting) {
    await cluster.signal(a.engine, runId);
    expect((await cluster.run(a.engine.outcome(runId))).status).toBe("completed");
  }
});

test("begins no work: what could go on goes on at the next node", async () => {
  const { cluster, a, waiting } = await busyNode();
  const b = await cluster.join("b");
  await cluster.env.pass(1_500);
  const open: RunId[] = [];
  for (const runId of waiting) {
    await cluster.signal(a.engine, runId);
    await cluster.env.pass(50);
    const { outcome } = await cluster.run(a.engine.describe(runId));
    if (outcome === undefined) open.push(runId);
  }
  expect(open).toHaveLength(PARTITIONS / 2);
  await cluster.env.pass(6_000);
  for (const runId of open) {
    expect(await cluster.nodeOf(runStream(runId))).toBe(b);
    expect((await cluster.run(b.engine.outcome(runId))).status).toBe("completed");
  }
});
