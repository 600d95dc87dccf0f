import { Disk, MemoryStore, type Seal } from "@perdure/store";
import { expect, test } from "vitest";
import { ClusterRig } from "./testing/cluster.test-support.ts";
import { Rig } from "./testing/rig.test-support.ts";

const moved: Seal = { state: "moved", move: "m-1", other: "postgres://db/perdure" };
const refused = { code: "store-sealed", message: expect.stringContaining("open that one") };

test("an engine does not open a store that has moved, and says where it is", async () => {
  const disk = await sealed(new Disk(4));
  const rig = new Rig({ disk });
  await expect(Rig.open({ disk, env: rig.env })).rejects.toMatchObject(refused);
  await rig.env.still();
  expect(rig.env.pendingTimers).toBe(0);
});

test("a node does not either, and leaves no trace", async () => {
  const rig = new ClusterRig(4);
  await sealed(rig.disk);
  await expect(rig.open("a")).rejects.toMatchObject(refused);
  await rig.env.still();
  expect(await rig.owners()).toEqual([undefined, undefined, undefined, undefined]);
  expect(rig.env.pendingTimers).toBe(0);
});

/** As a move leaves it. */
async function sealed(disk: Disk): Promise<Disk> {
  const store = new MemoryStore(disk);
  for (let partition = 0; partition < disk.partitions; partition++) {
    const { epoch } = await store.open(partition);
    await store.seal(partition, epoch, moved);
  }
  return disk;
}
