/** S1 to S4: what a commit promises. */
import { expect, it } from "vitest";
import type { Store } from "../store.ts";
import { besideIt, Owner, row, stream, text, texts } from "./fixture.ts";
import type { Harness } from "./harness.ts";

export function commitPromises(use: () => Harness): void {
  it("S1: applies all batches of a commit, or none", async () => {
    const { store } = use();
    const one = await Owner.open(store, 0);
    const beside = besideIt(store, 0);
    const other = await Owner.open(store, beside);
    await store.open(beside);
    const result = await store.commit([
      one.batch({ appends: [{ stream: stream(1), from: 1, events: [text("a")] }] }),
      other.batch({ appends: [{ stream: stream(2, beside), from: 1, events: [text("b")] }] }),
    ]);
    expect(result).toEqual({ type: "fenced", partition: beside });
    expect(await store.read(stream(1))).toBeUndefined();
    expect(await store.read(stream(2, beside))).toBeUndefined();
  });

  it("S1: applies several batches of one partition in order", async () => {
    const { store } = use();
    const owner = await Owner.open(store);
    const append = (from: number, event: string) => ({
      appends: [{ stream: stream(1), from, events: [text(event)] }],
    });
    const batches = [owner.batch(append(1, "a")), owner.batch(append(2, "b"))];
    expect(await store.commit(batches)).toEqual({ type: "done" });
    expect(texts(await store.read(stream(1)))).toEqual(["a", "b"]);
  });

  it("S1: takes commits that were sent without waiting in the order they were sent", async () => {
    const { store } = use();
    const owner = await Owner.open(store);
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, i) => owner.append(stream(1), i + 1, `event ${i + 1}`)),
    );
    expect(results.every(({ type }) => type === "done")).toBe(true);
    expect((await store.read(stream(1)))?.seq).toBe(50);
  });

  it("S1: refuses an event out of its place, and what was sent after it", async () => {
    const { store } = use();
    const owner = await Owner.open(store);
    await owner.append(stream(1), 1, "a");
    const results = await Promise.all([
      owner.append(stream(1), 3, "c"),
      owner.append(stream(1), 2, "b"),
    ]);
    expect(results.map(({ type }) => type)).toEqual(["failed", "failed"]);
    expect(texts(await store.read(stream(1)))).toEqual(["a"]);
  });

  it("S1: refuses to settle a stream that has no events", async () => {
    const owner = await Owner.open(use().store);
    const result = await owner.commit({ settle: [{ stream: stream(1), hasWork: false }] });
    expect(result.type).toBe("failed");
  });

  it("S2: keeps what was answered done when the process dies", async () => {
    const harness = use();
    const owner = await Owner.open(harness.store);
    await owner.append(stream(1), 1, "a", "b");
    await owner.append(stream(1), 3, "c");
    await harness.reopen();
    expect(texts(await harness.store.read(stream(1)))).toEqual(["a", "b", "c"]);
    expect((await harness.store.open(0)).lastBatch).toBe(2);
  });

  it("S3: answers fenced to an owner that is no longer the newest", async () => {
    const { store } = use();
    const old = await Owner.open(store);
    await old.append(stream(1), 1, "a");
    const young = await Owner.open(store);
    expect(young.opened.epoch).toBeGreaterThan(old.opened.epoch);
    expect(await old.append(stream(1), 2, "stale")).toEqual({ type: "fenced", partition: 0 });
    expect((await young.append(stream(1), 2, "b")).type).toBe("done");
    expect(texts(await store.read(stream(1)))).toEqual(["a", "b"]);
  });

  it("S3: gives out an epoch once, also over restarts", async () => {
    const harness = use();
    const first = (await harness.store.open(3)).epoch;
    await harness.reopen();
    const next = (await harness.store.open(3)).epoch;
    await harness.reopen();
    expect(next).toBeGreaterThan(first);
    expect((await harness.store.open(3)).epoch).toBeGreaterThan(next);
  });

  it("S4: applies a batch once", async () => {
    const { store } = use();
    const owner = await Owner.open(store);
    const batch = owner.batch({ appends: [{ stream: stream(1), from: 1, events: [text("a")] }] });
    expect((await store.commit([batch])).type).toBe("done");
    expect((await store.commit([batch])).type).toBe("failed");
    expect(texts(await store.read(stream(1)))).toEqual(["a"]);
  });

  it("S4: says of every batch whether it was applied, also after a restart", async () => {
    const harness = use();
    const owner = await Owner.open(harness.store);
    await owner.append(stream(1), 1, "a");
    await owner.append(stream(1), 9, "refused");
    for (const restart of [false, true]) {
      if (restart) await harness.reopen();
      expect(await harness.store.outcome(0, 1)).toBe("applied");
      expect(await harness.store.outcome(0, 2)).toBe("lost");
    }
  });
}

export function ownerPromises(use: () => Harness): void {
  it("S4: does not take the next owner's batch for the one that was lost", async () => {
    const { store } = use();
    const old = await Owner.open(store);
    await old.append(stream(1), 1, "a");
    const young = await Owner.open(store);
    expect((await old.append(stream(1), 2, "stale")).type).toBe("fenced");
    expect((await young.append(stream(1), 2, "b")).type).toBe("done");
    expect(await store.outcome(0, 1, old.opened.epoch)).toBe("applied");
    expect(await store.outcome(0, 2, old.opened.epoch)).toBe("lost");
    expect(await store.outcome(0, 2, young.opened.epoch)).toBe("applied");
  });
}

export function faultPromises(use: () => Harness): void {
  it("S4: knows the truth about a commit it could not answer", async () => {
    const harness = use();
    const owner = await Owner.open(harness.store);
    harness.failNext?.("applied");
    expect((await owner.append(stream(1), 1, "a")).type).toBe("unknown");
    expect(await harness.store.outcome(0, 1)).toBe("applied");
    harness.failNext?.("lost");
    expect((await owner.append(stream(1), 2, "b")).type).toBe("unknown");
    expect(await harness.store.outcome(0, 2)).toBe("lost");
    await harness.reopen();
    expect(texts(await harness.store.read(stream(1)))).toEqual(["a"]);
  });

  it("S1: leaves nothing behind of a commit that failed", async () => {
    const harness = use();
    const owner = await Owner.open(harness.store);
    await owner.append(stream(1), 1, "a");
    harness.failNext?.("abort");
    const result = await owner.commit({
      appends: [{ stream: stream(1), from: 2, events: [text("b")] }],
      index: [row(1)],
      settle: [{ stream: stream(1), hasWork: false, alarm: 5 }],
    });
    expect(result.type).toBe("failed");
    expect(texts(await harness.store.read(stream(1)))).toEqual(["a"]);
    expect(await harness.store.alarms(0, 10, 10)).toEqual([]);
    await harness.store.flush();
    expect((await harness.store.search({ namespace: "default", limit: 5 })).rows).toEqual([]);
    const again = await Owner.open(harness.store);
    expect((await again.append(stream(1), 2, "b")).type).toBe("done");
  });
}

export function handlePromises(use: () => Harness): void {
  it("S3: fences the owner on another handle", async () => {
    const harness = use();
    const old = await Owner.open(harness.store);
    const other = await second(harness);
    await Owner.open(other);
    expect((await old.append(stream(1), 1, "a")).type).toBe("fenced");
    await other.close();
  });
}

async function second(harness: Harness): Promise<Store> {
  const store = await harness.second?.();
  if (store === undefined) throw new Error("the harness has no second handle");
  return store;
}
