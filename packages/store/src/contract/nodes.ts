/** S8, and what nodes that share a store tell each other through it. */
import { partitionOf } from "@perdure/kernel";
import { expect, it } from "vitest";
import type { NodeRecord, PartitionRecord, Store } from "../store.ts";
import { beatAll, Owner, row, stream } from "./fixture.ts";
import type { Harness } from "./harness.ts";

const one: NodeRecord = node("one", 1);
const other: NodeRecord = node("other", 1);

export function nodePromises(use: () => Harness): void {
  it("S8: gives a partition to the first of two that claim it", async () => {
    const { store } = use();
    const { epoch } = await store.open(0);
    expect((await store.open(0, { node: "one", after: epoch })).epoch).toBe(epoch + 1);
    await expect(store.open(0, { node: "other", after: epoch })).rejects.toMatchObject({
      code: "fenced",
    });
    expect(await ownerOf(store, 0)).toEqual({ partition: 0, epoch: epoch + 1, owner: "one" });
  });

  it("S8: a late claim leaves the owner its epoch", async () => {
    const { store } = use();
    const owner = await Owner.open(store);
    await expect(store.open(0, { node: "other", after: 0 })).rejects.toThrow("opened by another");
    expect((await owner.append(stream(1), 1, "a")).type).toBe("done");
  });

  it("knows the owner of a partition until it is released, taken or its node is gone", async () => {
    const { store } = use();
    for (const partition of [0, 1, 2]) await store.open(partition, { node: "one", after: 0 });
    await store.release(0, 1);
    await store.open(1);
    expect(await ownerOf(store, 0)).toEqual({ partition: 0, epoch: 1 });
    expect(await ownerOf(store, 1)).toEqual({ partition: 1, epoch: 2 });
    expect(await ownerOf(store, 2)).toEqual({ partition: 2, epoch: 1, owner: "one" });
    await beatAll(store, other, ["one"]);
    expect(await ownerOf(store, 2)).toEqual({ partition: 2, epoch: 1 });
  });

  it("takes no release of an epoch that is over", async () => {
    const { store } = use();
    await store.open(0, { node: "one", after: 0 });
    await store.open(0, { node: "other", after: 1 });
    await store.release(0, 1);
    expect(await ownerOf(store, 0)).toMatchObject({ owner: "other" });
  });

  it("a release fences nobody: its owner may still commit until somebody opens", async () => {
    const { store } = use();
    const owner = await Owner.open(store);
    await store.release(0, 1);
    expect((await owner.append(stream(1), 1, "a")).type).toBe("done");
  });

  it("shows every node that has given a sign of life, as it was in its last one", async () => {
    const harness = use();
    await harness.store.beat(other);
    await harness.store.beat(one);
    const again = { ...one, beat: 2, isLeaving: true };
    const { nodes, partitions } = await harness.store.beat(again);
    expect(nodes).toEqual([again, other]);
    const all = Array.from({ length: harness.store.partitions }, (_, n) => n);
    expect(partitions.map(({ partition }) => partition)).toEqual(
      all.filter((partition) => harness.store.databaseOf(partition) === 0),
    );
    await harness.reopen();
    const view = await harness.store.beat(again, ["other", "never there"]);
    expect(view.nodes).toEqual([again]);
  });

  it("prunes only the partitions that are asked for", async () => {
    const { store } = use();
    const owner = await Owner.open(store);
    const home = partitionOf(stream(1), store.partitions);
    await owner.append(stream(1), 1, "a");
    await owner.commit({
      index: [row(1, { status: "completed", expiresAt: 100 })],
      settle: [{ stream: stream(1), hasWork: false }],
    });
    const others = Array.from({ length: store.partitions }, (_, n) => n).filter((n) => n !== home);
    expect(await store.prune(400, 10, others)).toEqual([]);
    expect(await store.prune(400, 10, [home])).toEqual([stream(1)]);
  });
}

/** Not of several databases together, which have no place of their own. */
export function placePromises(use: () => Harness): void {
  it("takes one place among several databases, and for ever", async () => {
    const harness = use();
    const place = { cluster: "c1", index: 1, databases: 3 };
    expect(await harness.store.place()).toBeUndefined();
    expect(await harness.store.place(place)).toEqual(place);
    await harness.reopen();
    expect(await harness.store.place({ ...place, cluster: "c2" })).toEqual(place);
    expect(await harness.store.place()).toEqual(place);
  });

  it("takes no place when it has data of its own", async () => {
    const { store } = use();
    await store.open(0);
    const place = { cluster: "c1", index: 0, databases: 2 };
    await expect(store.place(place)).rejects.toMatchObject({ code: "invalid-argument" });
    expect(await store.place()).toBeUndefined();
  });
}

async function ownerOf(store: Store, partition: number): Promise<PartitionRecord | undefined> {
  return (await beatAll(store, one)).partitions[partition];
}

function node(id: string, beat: number): NodeRecord {
  return { id, address: `at ${id}`, version: "1.0.0", startedAt: 1_000, beat, isLeaving: false };
}
