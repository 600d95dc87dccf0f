import { describe, expect, it } from "vitest";
import {
  agree,
  MemoryHarness,
  Owner,
  row,
  SpreadHarness,
  storeContract,
  stream,
  text,
} from "../contract/index.ts";
import { Disk } from "../memory/disk.ts";
import { MemoryStore } from "../memory/memory-store.ts";
import type { NodeRecord, Store } from "../store.ts";
import { SpreadStore } from "./spread-store.ts";

const PARTITIONS = 6;

function disks(count = 3, partitions: number = PARTITIONS): Disk[] {
  return Array.from({ length: count }, () => new Disk(partitions));
}

let clusters = 0;

function together(stores: readonly Store[]): Promise<Store> {
  return SpreadStore.open(stores, () => `cluster ${++clusters}`);
}

function open(parts: readonly Disk[]): Promise<Store> {
  return together(parts.map((disk) => new MemoryStore(disk)));
}

function harness(): Promise<SpreadHarness> {
  return SpreadHarness.make([1, 2, 3].map(() => new MemoryHarness(PARTITIONS)));
}

storeContract("a store over three in memory", harness, ["failNext", "second", "several"]);

describe("a store over several", () => {
  for (const seed of [1, 2]) {
    it(`agrees with a single one after every operation (seed ${seed})`, async () => {
      const { operations } = await agree(
        new MemoryHarness(PARTITIONS),
        await harness(),
        seed,
        1_500,
      );
      expect(operations).toBeGreaterThanOrEqual(1_500);
    });
  }

  it("is the store itself when there is only one", async () => {
    const store = new MemoryStore();
    expect(await together([store])).toBe(store);
    expect(await store.place()).toBeUndefined();
  });

  it("takes no batches of two databases at once", async () => {
    const store = await open(disks());
    const [one, other] = [await Owner.open(store, 0), await Owner.open(store, 1)];
    await expect(store.commit([one.batch(), other.batch()])).rejects.toThrow("of one database");
  });

  it("tells the sender's database what its receiver has applied in another", async () => {
    const parts = disks();
    const store = await open(parts);
    const sender = await Owner.open(store, 0);
    const receiver = await Owner.open(store, 1);
    const message = (seq: number) => ({ to: 1, seq, data: text(`message ${seq}`) });
    await sender.commit({ outbox: [message(1), message(2)] });
    await receiver.commit({ marks: [{ from: 0, seq: 1 }] });
    await store.flush();
    const [first] = parts;
    const { outbox } = await new MemoryStore(first).open(0);
    expect(outbox.map(({ seq }) => seq)).toEqual([2]);
  });

  it("tells it after a crash, too, when the receiver is opened again", async () => {
    const parts = disks();
    const store = await open(parts);
    const sender = await Owner.open(store, 0);
    await sender.commit({ outbox: [{ to: 1, seq: 1, data: text("message") }] });
    await (await Owner.open(store, 1)).commit({ marks: [{ from: 0, seq: 1 }] });
    const next = await open(parts);
    expect((await next.open(0)).outbox).toHaveLength(1);
    await next.open(1);
    expect((await next.open(0)).outbox).toEqual([]);
  });

  it("tells it by itself when much has come together, and again what could not be told", async () => {
    const parts = disks(2, 2);
    let isDown = false;
    const call = (operation: keyof Store): Promise<void> =>
      isDown && operation === "delivered" ? Promise.reject(new Error("down")) : Promise.resolve();
    const [sending, receiving] = parts;
    const stores = [new MemoryStore(sending, { call }), new MemoryStore(receiving)];
    const store = await together(stores);
    const sender = await Owner.open(store, 0);
    const receiver = await Owner.open(store, 1);
    const waiting = async () => (await new MemoryStore(sending).open(0)).outbox.length;
    for (let seq = 1; seq <= 600; seq++) {
      isDown = seq < 300;
      await sender.commit({ outbox: [{ to: 1, seq, data: text("message") }] });
      await receiver.commit({ marks: [{ from: 0, seq }] });
    }
    expect(await waiting()).toBeLessThan(300);
  });
});

describe("the databases of one cluster", () => {
  const refusal = (message: string) => ({
    code: "invalid-argument",
    message: expect.stringContaining(message),
  });

  it("are taken again in the order they were made in, and in no other", async () => {
    const [a, b, c] = disks() as [Disk, Disk, Disk];
    await open([a, b, c]);
    await open([a, b, c]);
    await expect(open([b, a, c])).rejects.toMatchObject(refusal("database 1 in place 2"));
    await expect(open([a, b])).rejects.toMatchObject(refusal("one of 3, and the list has 2"));
    await expect(open([a])).rejects.toMatchObject(refusal("one of 3, and the list has 1"));
    await expect(open([a, b, c, new Disk(PARTITIONS)])).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });

  it("are not mixed with another cluster's, and none of them is replaced by an empty one", async () => {
    const [a, b, c] = disks() as [Disk, Disk, Disk];
    const [, , strange] = disks() as [Disk, Disk, Disk];
    await (await Owner.open(await open([a, b, c]), 1)).append(stream(1, 1), 1, "a");
    await open([...disks(2), strange]);
    await expect(open([a, b, strange])).rejects.toMatchObject(refusal("another cluster"));
    await expect(open([a, new Disk(PARTITIONS), c])).rejects.toMatchObject(
      refusal("Database 2 of the list is empty"),
    );
    await expect(open([new Disk(PARTITIONS), b, c])).rejects.toMatchObject(
      refusal("Database 1 of the list is empty"),
    );
  });

  it("are one cluster's, too, when the process died while they were made, or two made them", async () => {
    const parts = disks();
    const place = { cluster: "begun", index: 2, databases: 3 };
    await new MemoryStore(parts[2]).place(place);
    await Promise.all([open(parts), open(parts), open(parts)]);
    for (const [index, disk] of parts.entries()) {
      expect(await new MemoryStore(disk).place()).toEqual({ ...place, index });
    }
  });

  it("begin empty, with the same number of partitions, and at least one each", async () => {
    const [a, b] = disks(2) as [Disk, Disk];
    await new MemoryStore(a).open(0);
    await expect(open([a, b])).rejects.toMatchObject(refusal("has data of its own"));
    await expect(open([b, new Disk(7)])).rejects.toMatchObject(refusal("another has 7"));
    await expect(open(disks(3, 2))).rejects.toMatchObject(refusal("cannot lie in 3"));
    await expect(open([])).rejects.toMatchObject(refusal("Name a database"));
  });
});

describe("a database that is down", () => {
  const node: NodeRecord = {
    id: "n1",
    address: "",
    version: "1.0.0",
    startedAt: 0,
    beat: 1,
    isLeaving: false,
  };

  /** The second of two is down when the result is told so. */
  async function halfDown(): Promise<{ readonly store: Store; readonly fail: () => void }> {
    const [up, down] = disks(2) as [Disk, Disk];
    let isDown = false;
    const call = (): Promise<void> =>
      isDown ? Promise.reject(new Error("the database is down")) : Promise.resolve();
    const store = await together([new MemoryStore(up), new MemoryStore(down, { call })]);
    return { store, fail: () => (isDown = true) };
  }

  it("takes nothing from the others' partitions", async () => {
    const { store, fail } = await halfDown();
    const owner = await Owner.open(store, 0);
    await owner.append(stream(1), 1, "a");
    fail();
    const gone = {
      index: [row(1, { status: "completed", expiresAt: 100 })],
      settle: [{ stream: stream(1), hasWork: false }],
    };
    expect((await owner.commit(gone)).type).toBe("done");
    await expect(store.open(1)).rejects.toThrow("down");
    expect((await store.open(2)).epoch).toBe(1);
    expect(await store.prune(1_000, 10)).toEqual([stream(1)]);
    await expect(store.prune(1_000, 10)).rejects.toThrow("down");
    const view = await store.beat(node);
    expect(view.partitions.map(({ partition }) => partition)).toEqual([0, 2, 4]);
    await expect(store.beat(node, [], 1)).rejects.toThrow("down");
  });

  it("makes lists fail, which would lack its runs, and is named by doctor", async () => {
    const { store, fail } = await halfDown();
    fail();
    await expect(store.search({ namespace: "default", limit: 1 })).rejects.toThrow("down");
    await expect(store.flush()).rejects.toThrow("down");
    const { detail } = await store.facts();
    expect(detail["databases"]).toEqual([
      { streams: 0, rows: 0, blobs: 0 },
      { error: "Error: the database is down" },
    ]);
  });
});
