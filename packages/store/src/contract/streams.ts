/** S5 and S6: what a stream's reader and a partition's new owner get. */
import { expect, it } from "vitest";
import type { StreamId } from "@perdure/kernel";
import { blob, Owner, Owners, row, stream, text, texts, untext } from "./fixture.ts";
import type { Harness } from "./harness.ts";

const settled = (id: StreamId) => ({ stream: id, hasWork: false });

export function streamPromises(use: () => Harness): void {
  it("S5: has nothing under a name that was never written", async () => {
    expect(await use().store.read(stream(1))).toBeUndefined();
  });

  it("S5: gives events back whole and in order, whatever is in them", async () => {
    const harness = use();
    const owner = await Owner.open(harness.store);
    const events = [new Uint8Array(0), new Uint8Array([0, 255]), new Uint8Array(100_000).fill(7)];
    await owner.commit({ appends: [{ stream: stream(1), from: 1, events }] });
    for (const restart of [false, true]) {
      if (restart) await harness.reopen();
      const data = await harness.store.read(stream(1));
      expect(data?.seq).toBe(3);
      expect(data?.events.map((event) => Buffer.from(event))).toEqual(
        events.map((event) => Buffer.from(event)),
      );
    }
  });

  it("S5: keeps names apart that look alike, and any name a key can have", async () => {
    const harness = use();
    const owners = await Owners.open(harness.store);
    const names = ["key/a/b/c", "key/a/b/C", "key/a/b/c ", "key/a/b/%2F'\";--\u{1F600}\0x"];
    for (const name of names) await owners.append(name as StreamId, 1, `in ${name}`);
    await harness.reopen();
    for (const name of names) {
      expect(texts(await harness.store.read(name as StreamId))).toEqual([`in ${name}`]);
    }
  });

  it("S5: pages through a stream, half of which is settled", async () => {
    const harness = use();
    const owner = await Owner.open(harness.store);
    await owner.append(stream(1), 1, "1", "2", "3");
    await owner.commit({ settle: [settled(stream(1))] });
    await owner.append(stream(1), 4, "4");
    await owner.append(stream(1), 5, "5", "6");
    for (const restart of [false, true]) {
      if (restart) await harness.reopen();
      const { store } = harness;
      expect(texts(await store.read(stream(1)))).toEqual(["1", "2", "3", "4", "5", "6"]);
      expect(texts(await store.read(stream(1), 2, 3))).toEqual(["2", "3", "4"]);
      expect(texts(await store.read(stream(1), 5))).toEqual(["5", "6"]);
      expect(await store.read(stream(1), 7)).toEqual({ events: [], seq: 6 });
      expect((await store.read(stream(1), 1, 1))?.seq).toBe(6);
    }
  });

  it("S5: gives a snapshot with the events after it, or all events when asked from one", async () => {
    const harness = use();
    const owner = await Owner.open(harness.store);
    await owner.append(stream(1), 1, "1", "2", "3");
    const snapshot = { seq: 2, data: text("two") };
    await owner.commit({ settle: [{ ...settled(stream(1)), snapshot }] });
    await owner.append(stream(1), 4, "4");
    await harness.reopen();
    const data = await harness.store.read(stream(1));
    expect(data?.snapshot?.seq).toBe(2);
    expect(untext(data?.snapshot?.data ?? text(""))).toBe("two");
    expect(texts(data)).toEqual(["3", "4"]);
    const all = await harness.store.read(stream(1), 1);
    expect(all?.snapshot).toBeUndefined();
    expect(texts(all)).toEqual(["1", "2", "3", "4"]);
    const next = await Owner.open(harness.store);
    await next.commit({ settle: [settled(stream(1))] });
    expect((await harness.store.read(stream(1)))?.snapshot).toBeUndefined();
  });

  it("S5: forgets a stream whole, and takes a new one under its name", async () => {
    const harness = use();
    const owner = await Owner.open(harness.store);
    await owner.append(stream(1), 1, "old 1", "old 2");
    await owner.append(stream(2), 1, "beside it");
    await owner.commit({ forget: [stream(1), stream(9)], index: [row(2)] });
    expect(await harness.store.read(stream(1))).toBeUndefined();
    await harness.reopen();
    expect(await harness.store.read(stream(1))).toBeUndefined();
    const next = await Owner.open(harness.store);
    await next.append(stream(1), 1, "new");
    await harness.reopen();
    expect(texts(await harness.store.read(stream(1)))).toEqual(["new"]);
    expect((await harness.store.open(0)).streams.toSorted()).toEqual([stream(1), stream(2)]);
  });

  it("S6: names every stream that is unsettled or has work, and no other", async () => {
    const harness = use();
    const owner = await Owner.open(harness.store);
    for (const n of [1, 2, 3, 4]) await owner.append(stream(n), 1, "a");
    await owner.commit({
      settle: [
        settled(stream(1)),
        { stream: stream(2), hasWork: true },
        { stream: stream(4), hasWork: false, alarm: 9 },
      ],
    });
    await owner.append(stream(4), 2, "b");
    const names = [stream(2), stream(3), stream(4)];
    expect((await harness.store.open(0)).streams.toSorted()).toEqual(names);
    await harness.reopen();
    expect((await harness.store.open(0)).streams.toSorted()).toEqual(names);
    expect((await harness.store.open(1)).streams).toEqual([]);
  });

  it("S6: keeps a message until its receiver has marked it", async () => {
    const harness = use();
    const sender = await Owner.open(harness.store, 0);
    const message = (seq: number) => ({ to: 1, seq, data: text(`message ${seq}`) });
    await sender.commit({ outbox: [message(1), message(2)] });
    await sender.commit({ outbox: [message(3)] });
    const receiver = await Owner.open(harness.store, 1);
    await receiver.commit({ marks: [{ from: 0, seq: 2 }] });
    for (const restart of [false, true]) {
      if (restart) await harness.reopen();
      const opened = await harness.store.open(0);
      expect(opened.outbox.map(({ to, seq, data }) => [to, seq, untext(data)])).toEqual([
        [1, 3, "message 3"],
      ]);
      expect(opened.sent).toEqual([{ to: 1, seq: 3 }]);
      expect((await harness.store.open(1)).marks).toEqual([{ from: 0, seq: 2 }]);
    }
  });

  it("S6: keeps no message that is said to be delivered to another database", async () => {
    const harness = use();
    const sender = await Owner.open(harness.store, 0);
    const message = (seq: number) => ({ to: 1, seq, data: text(`message ${seq}`) });
    await sender.commit({ outbox: [message(1), message(2)] });
    for (const seq of [1, 1]) await harness.store.delivered([{ from: 0, to: 1, seq }]);
    await harness.reopen();
    const { outbox, sent } = await harness.store.open(0);
    expect(outbox.map(({ seq }) => seq)).toEqual([2]);
    expect(sent).toEqual([{ to: 1, seq: 2 }]);
  });

  it("says of another's partition what its own know of the messages with it", async () => {
    const harness = use();
    const { store } = harness;
    const message = (to: number, seq: number) => ({ to, seq, data: text(`message ${seq}`) });
    const asked = await Owner.open(store, 0);
    await asked.commit({ outbox: [message(1, 1), message(1, 2)] });
    const peer = await Owner.open(store, 1);
    expect(await store.correspondence(0, store.databaseOf(1))).toEqual([]);
    await peer.commit({ outbox: [message(0, 1)], marks: [{ from: 0, seq: 2 }] });
    await asked.commit({ marks: [{ from: 1, seq: 1 }] });
    await store.delivered([{ from: 1, to: 0, seq: 1 }]);
    for (const restart of [false, true]) {
      if (restart) await harness.reopen();
      const known = await harness.store.correspondence(0, store.databaseOf(1));
      expect(known.filter(({ peer: one }) => one === 1)).toEqual([
        { peer: 1, mark: 2, delivered: 1 },
      ]);
    }
    expect(harness.store.databaseName(store.databaseOf(1))).not.toBe("");
  });

  it("S6: refuses a message that leaves a gap", async () => {
    const sender = await Owner.open(use().store, 0);
    const result = await sender.commit({ outbox: [{ to: 1, seq: 2, data: text("x") }] });
    expect(result.type).toBe("failed");
  });

  it("lists the alarms of settled streams, soonest first", async () => {
    const harness = use();
    const owner = await Owner.open(harness.store);
    for (const n of [1, 2, 3]) await owner.append(stream(n), 1, "a");
    const alarms = [30, 10, 20].map((alarm, i) => ({ ...settled(stream(i + 1)), alarm }));
    await owner.commit({ settle: alarms });
    await harness.reopen();
    const { store } = harness;
    expect(await store.alarms(0, 30, 10)).toEqual([
      { stream: stream(2), at: 10 },
      { stream: stream(3), at: 20 },
    ]);
    expect((await store.alarms(0, 31, 1)).map(({ at }) => at)).toEqual([10]);
    const next = await Owner.open(store);
    await next.append(stream(2), 2, "b");
    expect((await store.alarms(0, 31, 10)).map(({ at }) => at)).toEqual([20, 30]);
  });

  it("keeps a blob as long as a stream that refers to it", async () => {
    const harness = use();
    const owner = await Owner.open(harness.store);
    const data = new Uint8Array(50_000).fill(3);
    const [first, second] = [blob(stream(1), data), blob(stream(2), data)];
    await owner.append(stream(1), 1, "a");
    await owner.append(stream(2), 1, "a");
    await owner.commit({ blobs: [first, first] });
    await owner.commit({ blobs: [second] });
    await owner.commit({ forget: [stream(1)] });
    await harness.reopen();
    const unknown = new Uint8Array(32);
    const [found, missing] = await harness.store.blobs(0, [first.hash, unknown]);
    expect(Buffer.from(found ?? []).equals(Buffer.from(data))).toBe(true);
    expect(missing).toBeUndefined();
    const next = await Owner.open(harness.store);
    await next.commit({ forget: [stream(2)] });
    expect(await harness.store.blobs(0, [first.hash])).toEqual([undefined]);
  });
}

export function damagePromises(use: () => Harness): void {
  it("S5: says store-corrupt for a damaged stream, and reads the others", async () => {
    const harness = use();
    const owner = await Owner.open(harness.store);
    await owner.append(stream(1), 1, "a good event");
    await owner.append(stream(2), 1, "another event");
    await owner.commit({ settle: [settled(stream(1)), settled(stream(2))] });
    await harness.corrupt?.(stream(1));
    await expect(harness.store.read(stream(1))).rejects.toMatchObject({
      code: "store-corrupt",
      message: expect.stringContaining(stream(1)) as unknown,
    });
    expect(texts(await harness.store.read(stream(2)))).toEqual(["another event"]);
  });
}
