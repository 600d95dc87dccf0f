/** One engine on a store of two databases. */
import { keyStream, partitionOf, type KeyRef } from "@perdure/kernel";
import { Disk, MemoryStore, SpreadStore } from "@perdure/store";
import { describe, expect, it } from "vitest";
import { text } from "./testing/payloads.test-support.ts";
import { Rig } from "./testing/rig.test-support.ts";
import { three } from "./testing/scripts.test-support.ts";

const PARTITIONS = 4;

const base = { namespace: "test", queue: "main", input: text("") };
const nothing = { ...base, workflow: "none" };

/** What the second database does before it takes a commit. */
interface Second {
  before: () => Promise<"none" | "abort">;
}

async function rigOverTwo(): Promise<{ readonly rig: Rig; readonly second: Second }> {
  const second: Second = { before: () => Promise.resolve("none") };
  const store = await SpreadStore.open(
    [
      new MemoryStore(new Disk(PARTITIONS)),
      new MemoryStore(new Disk(PARTITIONS), { before: () => second.before() }),
    ],
    () => "rig",
  );
  const rig = await Rig.open({ store: () => store });
  rig.worker({ scripts: { three } });
  return { rig, second };
}

function keysIn(database: number, count: number): KeyRef[] {
  const keys: KeyRef[] = [];
  for (let n = 0; keys.length < count; n++) {
    const key = { namespace: "test", kind: "workflow", id: `n${n}` };
    if (partitionOf(keyStream(key), PARTITIONS) % 2 === database) keys.push(key);
  }
  return keys;
}

describe("a store of two databases", () => {
  it("lets runs go on in one while the other takes its time", async () => {
    const { rig, second } = await rigOverTwo();
    const gate = Promise.withResolvers<void>();
    second.before = () => gate.promise.then(() => "none");
    const [key] = keysIn(1, 1) as [KeyRef];
    let isStarted = false;
    const late = rig.engine.start({ ...base, workflow: "three", key }).then((started) => {
      isStarted = true;
      return started;
    });
    for (const near of keysIn(0, 20)) {
      const { runId } = await rig.start({ workflow: "three", key: near });
      await rig.result(runId);
    }
    expect(isStarted).toBe(false);
    gate.resolve();
    const { runId } = await rig.env.run(late);
    await rig.result(runId);
    await rig.close();
  });

  it("takes into one commit what arrives from one turn to the next", async () => {
    const { rig, second } = await rigOverTwo();
    await rig.env.still();
    let commits = 0;
    second.before = () => {
      commits++;
      return Promise.resolve("none");
    };
    const started: Promise<unknown>[] = [];
    const keys = keysIn(1, 12);
    const arrive = (): void => {
      const some = keys.splice(0, 2);
      for (const key of some) started.push(rig.engine.start({ ...nothing, key }));
      if (some.length > 0) rig.env.defer(arrive);
    };
    arrive();
    await rig.env.still();
    expect(commits).toBe(1);
    await rig.env.run(Promise.all(started));
    await rig.close();
  });

  it("has one commit of a database on its way at a time", async () => {
    const { rig, second } = await rigOverTwo();
    await rig.env.still();
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let commits = 0;
    second.before = () => (gates[commits++]?.promise ?? Promise.resolve()).then(() => "none");
    const started: Promise<unknown>[] = [];
    for (const key of keysIn(1, 3)) {
      started.push(rig.engine.start({ ...nothing, key }));
      await rig.env.still();
    }
    expect(commits).toBe(1);
    gates[0]?.resolve();
    await rig.env.still();
    expect(commits).toBe(2);
    gates[1]?.resolve();
    await rig.env.run(Promise.all(started));
    await rig.close();
  });

  it("shows in lists what was acknowledged in any of them", async () => {
    const { rig } = await rigOverTwo();
    const keys = [...keysIn(0, 3), ...keysIn(1, 3)];
    for (const key of keys) await rig.start({ workflow: "three", key });
    const { rows } = await rig.env.run(rig.engine.list({ namespace: "test", limit: 10 }));
    expect(new Set(rows.map(({ key }) => key))).toEqual(new Set(keys.map(({ id }) => id)));
    await rig.close();
  });

  it("says which refuses, also while the other takes everything", async () => {
    const { rig, second } = await rigOverTwo();
    second.before = () => Promise.resolve("abort");
    const [far] = keysIn(1, 1) as [KeyRef];
    const [near] = keysIn(0, 1) as [KeyRef];
    await expect(rig.start({ workflow: "three", key: far })).rejects.toMatchObject({
      code: "store-failed",
    });
    const { runId } = await rig.start({ workflow: "three", key: near });
    await rig.result(runId);
    expect(rig.engine.stats().storeTrouble).toMatchObject({ isTaking: false, refusals: 1 });
    second.before = () => Promise.resolve("none");
    await rig.result((await rig.start({ workflow: "three", key: far })).runId);
    await rig.close();
  });
});
