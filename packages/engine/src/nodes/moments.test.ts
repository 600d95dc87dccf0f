/** Databases of one store that were put back to different moments. */
import { keyStream, partitionOf, runStream, type KeyRef, type RunId } from "@perdure/kernel";
import { MemoryStore, SpreadStore, type Disk } from "@perdure/store";
import { expect, test } from "vitest";
import type { ClusterNode } from "../testing/cluster.test-support.ts";
import { text } from "../testing/payloads.test-support.ts";
import { Rig } from "../testing/rig.test-support.ts";
import { base, TalkingCluster } from "../testing/talking-cluster.test-support.ts";

const PARTITIONS = 6;
const DATABASES = 2;

function keyIn(database: number, from = 0): KeyRef {
  for (let n = from; ; n++) {
    const key = { namespace: "test", kind: "workflow", id: `n${n}` };
    if (partitionOf(keyStream(key), PARTITIONS) % DATABASES === database) return key;
  }
}

/** Runs that call each other over both databases, and come to an end. */
async function talk(cluster: TalkingCluster, from: number, count: number): Promise<void> {
  const [a] = cluster.nodes as [ClusterNode];
  for (let n = from; n < from + count; n++) {
    const key = keyIn(n % 2, n * 100);
    const input = text(JSON.stringify(keyIn(1 - (n % 2), n * 100)));
    const { runId } = await cluster.run(a.engine.start({ ...base, workflow: "asks", key, input }));
    expect((await cluster.run(a.engine.outcome(runId))).status).toBe("completed");
  }
  await cluster.env.pass(2_000);
}

interface Moments {
  /** By database: as they were at a moment, and when more was done. */
  readonly earlier: readonly Disk[];
  readonly later: readonly Disk[];
  /** Open at both. */
  readonly waiting: readonly RunId[];
}

async function moments(): Promise<Moments> {
  const cluster = await TalkingCluster.over(DATABASES, "a");
  const copies = (): Disk[] => cluster.rig.disks.map((disk) => disk.copy());
  const waiting: RunId[] = [];
  for (let n = 0; n < 24; n++) waiting.push(await cluster.runAt(cluster.nodes[0] as ClusterNode));
  await talk(cluster, 0, 12);
  const earlier = copies();
  await talk(cluster, 12, 12);
  const later = copies();
  await cluster.close();
  return { earlier, later, waiting };
}

async function open(disks: readonly Disk[]): Promise<Rig> {
  const stores = disks.map((disk) => new MemoryStore(disk));
  const store = await SpreadStore.open(stores, () => "never");
  return Rig.open({ store: () => store });
}

test("an engine does not open them, and says which stands where and what to do", async () => {
  const { earlier, later } = await moments();
  const copy = (disks: readonly Disk[], n: number) => (disks[n] as Disk).copy();
  for (const [one, other, behind] of [
    [earlier, later, 0],
    [later, earlier, 1],
  ] as const) {
    await expect(open([copy(one, 0), copy(other, 1)])).rejects.toMatchObject({
      code: "store-corrupt",
      message: expect.stringMatching(
        new RegExp(`database ${behind} \\(in memory\\) stands at an earlier moment.*restore all`),
      ),
    });
  }
  for (const disks of [earlier, later]) {
    const rig = await open(disks);
    expect(rig.engine.stats().refused).toBeUndefined();
    await rig.close();
  }
});

test("a node refuses the partitions of the earlier one, tells why, and goes on with the rest", async () => {
  const { earlier, later, waiting } = await moments();
  const cluster = new TalkingCluster(PARTITIONS, DATABASES);
  Object.assign(cluster.rig, { disks: [later[0], earlier[1]] });
  const a = await cluster.join("a");
  await cluster.settle();
  const { refused, partitionsOpen } = a.engine.stats();
  expect(refused?.partitions.every((partition) => partition % DATABASES === 1)).toBe(true);
  expect(refused?.reason).toContain("database 1 (in memory) stands at an earlier moment");
  expect(partitionsOpen).toBe(PARTITIONS - (refused?.partitions.length ?? 0));
  const isRefused = (key: KeyRef) =>
    refused?.partitions.includes(partitionOf(keyStream(key), PARTITIONS)) === true;
  let n = 10_000;
  while (!isRefused(keyIn(1, n))) n++;
  const started = a.engine.start({ ...base, workflow: "three", key: keyIn(1, n) });
  await expect(cluster.run(started)).rejects.toMatchObject({
    code: "store-corrupt",
    message: expect.stringContaining("stands at an earlier moment"),
  });
  const stuck = waiting.find((runId) => {
    return refused?.partitions.includes(partitionOf(runStream(runId), PARTITIONS)) === true;
  });
  const { waiting: told } = await cluster.run(a.engine.why(stuck as RunId));
  expect(told[0]?.text).toContain("stands still, for its partition is refused");
  const { runId } = await cluster.run(
    a.engine.start({ ...base, workflow: "three", key: keyIn(0, n) }),
  );
  expect((await cluster.run(a.engine.outcome(runId))).status).toBe("completed");
  const lines = cluster.env.logged.filter((line) => line.includes("earlier moment")).length;
  await cluster.env.pass(60_000);
  expect(lines).toBe(refused?.partitions.length);
  expect(cluster.env.logged.filter((line) => line.includes("earlier moment"))).toHaveLength(lines);
  expect(a.stopped).toBeUndefined();
  await cluster.close();
});
