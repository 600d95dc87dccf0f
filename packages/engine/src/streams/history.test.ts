import { Disk, MemoryStore, SpreadStore, type Store } from "@perdure/store";
import { Owner, text } from "@perdure/store/contract";
import { describe, expect, it } from "vitest";
import { Links } from "../commit/link.ts";
import { VirtualEnv } from "../testing/virtual-env.test-support.ts";
import { History } from "./history.ts";
import { Partition } from "./partition.ts";

const PARTITIONS = 4;
const message = (to: number, seq: number) => ({ to, seq, data: text(`message ${seq}`) });

/** Two databases; the second answers `correspondence` when the world lets it. */
class World {
  readonly env = new VirtualEnv();
  disks: readonly Disk[] = [new Disk(PARTITIONS), new Disk(PARTITIONS)];
  answers: () => Promise<void> = () => Promise.resolve();

  store(): Promise<Store> {
    const call = (operation: keyof Store): Promise<void> =>
      operation === "correspondence" ? this.answers() : Promise.resolve();
    const stores = this.disks.map((disk) => new MemoryStore(disk, { call }));
    return SpreadStore.open(stores, () => "cluster");
  }

  /** Partition 0 sends partition 1 messages `from` to `last`, which applies them; both know of it. */
  async talk(from: number, last: number, isApplied = true): Promise<void> {
    const store = await this.store();
    const sender = await Owner.open(store, 0);
    const receiver = await Owner.open(store, 1);
    for (let seq = from; seq <= last; seq++) {
      await sender.commit({ outbox: [message(1, seq)] });
      if (isApplied) await receiver.commit({ marks: [{ from: 0, seq }] });
    }
    await store.flush();
  }

  /** A process that begins anew and opens the partition: what speaks against it. */
  async check(number: number) {
    const { history, partition, store, torn } = await this.begin(number);
    const error = await this.env.run(history.check(partition, await store.open(number)));
    return { error, history, partition, torn };
  }

  async begin(number: number) {
    const store = await this.store();
    const partitions = Array.from(
      { length: PARTITIONS },
      (_, n) => new Partition(n, store.databaseOf(n)),
    );
    const torn: string[] = [];
    const links = new Links(partitions);
    const history = new History({
      store,
      env: this.env,
      partitions,
      links,
      ready: () => undefined,
      torn: (_, { message: reason }) => torn.push(reason),
    });
    const partition = partitions[number] as Partition;
    return { store, links, history, torn, partitions, partition };
  }

  /** The database is as it was when the copy was made. */
  restore(database: number, copy: Disk): void {
    this.disks = this.disks.with(database, copy);
  }

  copyOf(database: number): Disk {
    return (this.disks[database] as Disk).copy();
  }
}

describe("a partition that is opened", () => {
  it("is refused where its database has forgotten messages that another has applied", async () => {
    const world = new World();
    await world.talk(1, 2);
    const copy = world.copyOf(0);
    await world.talk(3, 5);
    world.restore(0, copy);
    const { error } = await world.check(0);
    expect(error).toMatchObject({
      code: "store-corrupt",
      detail: { of: "sent", partition: 0, peer: 1, own: 2, known: 5 },
    });
    expect(error?.message).toMatch(
      /database 0 \(in memory\) stands at an earlier moment than database 1/,
    );
    expect((await world.check(1)).error).toBeUndefined();
  });

  it("is refused where its database has forgotten to have applied what another keeps no more", async () => {
    const world = new World();
    await world.talk(1, 2);
    const copy = world.copyOf(1);
    await world.talk(3, 5);
    world.restore(1, copy);
    expect((await world.check(1)).error).toMatchObject({
      code: "store-corrupt",
      detail: { of: "applied", partition: 1, peer: 0, own: 2, known: 5 },
    });
    expect((await world.check(0)).error).toBeUndefined();
  });

  it("is opened where what the receiver has forgotten is still to be told", async () => {
    const world = new World();
    await world.store();
    const copy = world.copyOf(1);
    await world.talk(1, 3, false);
    world.restore(1, copy);
    for (const number of [0, 1]) expect((await world.check(number)).error).toBeUndefined();
  });

  it("is opened where nobody has sent anything, where messages wait, and where all are of one moment", async () => {
    const world = new World();
    for (const number of [0, 1]) expect((await world.check(number)).error).toBeUndefined();
    await world.talk(1, 3);
    await world.talk(4, 6, false);
    const copies = [world.copyOf(0), world.copyOf(1)];
    await world.talk(7, 9, false);
    world.disks = copies;
    for (const number of [0, 1, 2, 3]) expect((await world.check(number)).error).toBeUndefined();
  });

  it("is opened though the sender has gone on since its receiver was asked for", async () => {
    const world = new World();
    await world.talk(1, 2);
    const store = await world.store();
    const { history, partition } = await world.begin(1);
    const opened = await store.open(1);
    await (await Owner.open(store, 0)).commit({ outbox: [message(1, 3)] });
    expect(await world.env.run(history.check(partition, opened))).toBeUndefined();
  });
});

describe("a database that gives no answer", () => {
  const isDown = (): Promise<never> => Promise.reject(new Error("down"));

  it("holds up no opening, and what is sent to it waits until it has been compared with", async () => {
    const world = new World();
    await world.talk(1, 2);
    world.answers = isDown;
    const { store, history, partition, links, torn } = await world.begin(0);
    const error = await world.env.run(history.check(partition, await store.open(0)));
    expect(error).toBeUndefined();
    const [far, near] = [links.between(0, 1), links.between(0, 2)];
    expect([far.isShut, near.isShut]).toEqual([true, false]);
    await world.env.pass(3_000);
    expect(far.isShut).toBe(true);
    world.answers = () => Promise.resolve();
    await world.env.pass(2_000);
    expect([far.isShut, partition.unproven.size]).toEqual([false, 0]);
    expect(torn).toEqual([]);
  });

  it("is not waited for when it says nothing at all, nor asked again", async () => {
    const world = new World();
    let asked = 0;
    world.answers = () => new Promise(() => void asked++);
    const before = world.env.now();
    const { error, partition } = await world.check(0);
    expect([error, partition.unproven.size]).toEqual([undefined, 1]);
    expect(world.env.now() - before).toBeLessThanOrEqual(1_000);
    await world.env.pass(10_000);
    expect(asked).toBe(1);
  });

  it("finds what was lost when it is back, though as much was sent meanwhile", async () => {
    const world = new World();
    await world.talk(1, 2);
    const copy = world.copyOf(0);
    await world.talk(3, 5);
    world.restore(0, copy);
    world.answers = isDown;
    const { store, history, partition, torn } = await world.begin(0);
    await world.env.run(history.check(partition, await store.open(0)));
    const owner = await Owner.open(store, 0);
    for (const seq of [3, 4, 5, 6]) await owner.commit({ outbox: [message(1, seq)] });
    // A commit fails, and the partition is opened anew.
    partition.generation++;
    await world.env.run(history.check(partition, await store.open(0)));
    world.answers = () => Promise.resolve();
    await world.env.pass(2_000);
    expect(torn).toEqual([
      expect.stringContaining("messages up to 2, which has applied them up to 5"),
    ]);
  });

  it("does not take what was applied while it was away for a loss", async () => {
    const world = new World();
    await world.talk(1, 2);
    world.answers = isDown;
    const { store, history, partition, links, torn } = await world.begin(1);
    await world.env.run(history.check(partition, await store.open(1)));
    links.between(0, 1).reset(4);
    await world.talk(3, 4);
    world.answers = () => Promise.resolve();
    await world.env.pass(2_000);
    expect([torn, partition.unproven.size]).toEqual([[], 0]);
  });
});

describe("another end that is here", () => {
  it("is as good a witness as its database", async () => {
    const world = new World();
    world.answers = () => Promise.reject(new Error("down"));
    await world.talk(1, 2);
    const { store, history, partition, links } = await world.begin(0);
    links.between(0, 1).reset(5);
    const error = await world.env.run(history.check(partition, await store.open(0)));
    expect(error).toMatchObject({ detail: { of: "sent", own: 2, known: 5 } });
  });

  it("is refused when a receiver that is opened knows better", async () => {
    const world = new World();
    await world.talk(1, 5);
    world.answers = () => Promise.reject(new Error("down"));
    const { store, history, partition, partitions, links, torn } = await world.begin(1);
    links.between(0, 1).reset(2);
    (partitions[0] as Partition).hasLinks = true;
    await world.env.run(history.check(partition, await store.open(1)));
    expect(torn).toEqual([expect.stringContaining("Partition 0 is not opened")]);
  });
});
