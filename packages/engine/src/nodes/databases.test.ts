/** Nodes on a store of two databases, one of which is down, refuses, or is out of one node's reach. */
import { keyStream, partitionOf, runStream, type KeyRef, type RunId } from "@perdure/kernel";
import { expect, test } from "vitest";
import type { ClusterNode } from "../testing/cluster.test-support.ts";
import { text } from "../testing/payloads.test-support.ts";
import { base, TalkingCluster } from "../testing/talking-cluster.test-support.ts";

const PARTITIONS = 6;
const DATABASES = 2;

function databaseOf(stream: Parameters<typeof partitionOf>[0]): number {
  return partitionOf(stream, PARTITIONS) % DATABASES;
}

function keyIn(database: number): KeyRef {
  for (let n = 0; ; n++) {
    const key = { namespace: "test", kind: "workflow", id: `n${n}` };
    if (databaseOf(keyStream(key)) === database) return key;
  }
}

async function runIn(cluster: TalkingCluster, node: ClusterNode, database: number): Promise<RunId> {
  const { runId } = await cluster.run(node.engine.start({ ...base, workflow: "waits" }));
  return databaseOf(runStream(runId)) === database ? runId : runIn(cluster, node, database);
}

/** Nothing that this node asks of the database is answered, and nothing of it is done. */
function cutFrom(node: ClusterNode, database: number): void {
  node.commitFault = (asked) => (asked === database ? "ambiguous" : "none");
  node.callFails = (asked) => asked === database;
}

function heal(node: ClusterNode): void {
  node.commitFault = () => "none";
  node.callFails = () => false;
}

async function finish(cluster: TalkingCluster, node: ClusterNode, runId: RunId): Promise<void> {
  await cluster.signal(node.engine, runId);
  expect((await cluster.run(node.engine.outcome(runId))).status).toBe("completed");
}

function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => error);
}

test("a database that is down costs the runs in it alone, and they come back by themselves", async () => {
  const cluster = await TalkingCluster.over(DATABASES, "a");
  const [a] = cluster.nodes as [ClusterNode];
  const [near, far] = [await runIn(cluster, a, 0), await runIn(cluster, a, 1)];
  cutFrom(a, 1);
  const onItsWay = errorOf(a.engine.signal({ runId: far }, { name: "other", payload: text("") }));
  await cluster.env.pass(4_000);
  await finish(cluster, a, near);
  expect(await cluster.run(onItsWay)).toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("may have been applied"),
  });
  expect(await cluster.run(errorOf(cluster.signal(a.engine, far)))).toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("no node was found that has this partition"),
  });
  expect(a.stopped).toBeUndefined();
  expect((await cluster.run(a.engine.cluster())).databases).toMatchObject([
    { database: 0, isWithinLease: true },
    { database: 1, isWithinLease: false },
  ]);
  heal(a);
  await cluster.settle();
  await finish(cluster, a, far);
});

test("a database that refuses everything stops nothing, and takes again when it can", async () => {
  const cluster = await TalkingCluster.over(DATABASES, "a");
  const [a] = cluster.nodes as [ClusterNode];
  const [near, far] = [await runIn(cluster, a, 0), await runIn(cluster, a, 1)];
  a.commitFault = (database) => (database === 1 ? "abort" : "none");
  for (let n = 0; n < 30; n++) {
    const refused = a.engine.signal({ runId: far }, { name: "other", payload: text("") });
    expect(await cluster.run(errorOf(refused))).toBeInstanceOf(Error);
    await cluster.env.pass(200);
  }
  expect(a.engine.stats().storeTrouble).toMatchObject({ isTaking: false, databases: [1] });
  await finish(cluster, a, near);
  expect(a.stopped).toBeUndefined();
  heal(a);
  await cluster.settle();
  await finish(cluster, a, far);
});

test("a node that one database does not hear leaves it to the others, and keeps the rest", async () => {
  const cluster = await TalkingCluster.over(DATABASES, "a", "b");
  const [a, b] = cluster.nodes as [ClusterNode, ClusterNode];
  const far = await runIn(cluster, a, 1);
  cutFrom(a, 1);
  await cluster.env.pass(5_000);
  const owners = await cluster.rig.owners();
  expect(owners.filter((_, partition) => partition % DATABASES === 1)).toEqual(["b", "b", "b"]);
  expect(owners.filter((_, partition) => partition % DATABASES === 0)).toContain("a");
  await finish(cluster, b, far);
  expect(await cluster.run(errorOf(a.engine.describe(far)))).toMatchObject({ code: "unavailable" });
  heal(a);
  await cluster.settle();
  expect(new Set(await cluster.rig.owners())).toEqual(new Set(["a", "b"]));
  expect([a.stopped, b.stopped]).toEqual([undefined, undefined]);
});

test("what a run calls in another database is called once, though that is down meanwhile", async () => {
  const cluster = await TalkingCluster.over(DATABASES, "a", "b");
  const [a, b] = cluster.nodes as [ClusterNode, ClusterNode];
  const nodes = [a, b];
  for (const node of nodes) cutFrom(node, 1);
  const key = keyIn(0);
  const input = text(JSON.stringify(keyIn(1)));
  const { runId } = await cluster.run(a.engine.start({ ...base, workflow: "asks", key, input }));
  await cluster.env.pass(10_000);
  for (const node of nodes) heal(node);
  expect(await cluster.run(b.engine.outcome(runId))).toMatchObject({ status: "completed" });
  const journal = await cluster.run(a.engine.journal(runId));
  expect(journal.filter(({ kind }) => kind === "call.started")).toHaveLength(1);
  const runs = await cluster.run(b.engine.list({ namespace: "test", workflow: "three", limit: 9 }));
  expect(runs.rows).toHaveLength(1);
});

test("a node is closed though one of its databases does not answer", async () => {
  const cluster = await TalkingCluster.over(DATABASES, "a");
  const [a] = cluster.nodes as [ClusterNode];
  const far = await runIn(cluster, a, 1);
  cutFrom(a, 1);
  void errorOf(a.engine.signal({ runId: far }, { name: "other", payload: text("") }));
  await cluster.env.pass(4_000);
  const before = cluster.env.now();
  await cluster.run(a.engine.close());
  expect(cluster.env.now() - before).toBeLessThanOrEqual(30_000);
});

test("nodes share each database evenly, and take a dead one's part in all of them", async () => {
  const cluster = await TalkingCluster.over(DATABASES, "a", "b", "c");
  const [, , c] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode];
  for (const database of [0, 1]) {
    const owners = (await cluster.rig.owners()).filter((_, p) => p % DATABASES === database);
    expect(new Set(owners)).toEqual(new Set(["a", "b", "c"]));
  }
  await cluster.kill(c);
  await cluster.env.pass(3_000);
  expect(new Set(await cluster.rig.owners())).toEqual(new Set(["a", "b"]));
});
