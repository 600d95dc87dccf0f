import { PerdureError } from "@perdure/kernel";
import { Disk, MemoryStore, SpreadStore, type Store } from "@perdure/store";
import { describe, expect, it } from "vitest";
import { busyStore, endingOf } from "../testing/busy-store.test-support.ts";
import { abandon, dyingAt, hasDied, move } from "../testing/moving.test-support.ts";
import { text } from "../testing/payloads.test-support.ts";
import { Rig } from "../testing/rig.test-support.ts";
import { waits } from "../testing/scripts.test-support.ts";
import { VirtualEnv } from "../testing/virtual-env.test-support.ts";
import type { MoveProgress } from "./move.ts";
import { takeBack } from "./take-back.ts";

/** So small that every few streams are a commit. */
const commitBytes = 2_000;

describe("what has moved", () => {
  it("is event by event what it was, and ends as it would have without", async () => {
    const first = Number(process.env["PERDURE_SEED"] ?? 1);
    const seeds = Number(process.env["PERDURE_SEEDS"] ?? 8);
    const steps = new Set<string>();
    for (let seed = first; seed < first + seeds; seed++) {
      const { disk, runs } = await busyStore(seed);
      const to = new Disk(1 + (seed % 7));
      const onProgress = ({ step }: MoveProgress) => void steps.add(step);
      const { comparison } = await move({ from: disk, to, options: { onProgress, commitBytes } });
      expect(comparison?.counts.same, `seed ${seed}`).toBe(comparison?.streams);
      expect(comparison?.digests.to).toBe(comparison?.digests.from);
      const ending = await endingOf({ disk: to, runs });
      expect(ending, `seed ${seed}`).toEqual(await endingOf(await busyStore(seed)));
    }
    // Some of them had messages on their way.
    expect([...steps]).toEqual(expect.arrayContaining(["look", "deliver", "copy", "compare"]));
  }, 300_000);

  it("is given up by its source, which says where it is", async () => {
    const { disk } = await busyStore(1, 3);
    const to = new Disk(2);
    expect(await move({ from: disk, to })).toMatchObject({ hasMoved: true, isKept: false });
    await expect(Rig.open({ disk })).rejects.toMatchObject({
      code: "store-sealed",
      message: expect.stringContaining("has moved to the new store"),
    });
    expect(await move({ from: disk, to })).toMatchObject({ hasMoved: false });
  });

  it("goes on at both ends when it is kept", async () => {
    const { disk, runs } = await busyStore(2, 3);
    const to = new Disk(2);
    expect(await move({ from: disk, to, options: { keep: true } })).toMatchObject({ isKept: true });
    expect(await endingOf({ disk: to, runs })).toEqual(await endingOf({ disk, runs }));
  });
});

describe("a move whose process dies", () => {
  it.each([false, true])(
    "is brought to its end by the same call, wherever it was (kept: %s)",
    async (keep) => {
      const options = { keep, commitBytes };
      const whole = await endingOf(await busyStore(5, 4));
      for (let n = 1, isCut = true; isCut; n += 1 + Math.floor(n / 8)) {
        const { disk, runs } = await busyStore(5, 4);
        const to = new Disk(3);
        isCut = await hasDied(move({ from: disk, to, faults: dyingAt(n), options }));
        // A copy that has ended leaves no seal, so that nothing tells the same call from a new one.
        const again = isCut ? await move({ from: disk, to, options }).catch(codeOf) : undefined;
        const isOver = keep && sealsOf(disk, to).length === 0 && again === "conflict";
        expect(isOver || typeof again !== "string").toBe(true);
        expect(await endingOf({ disk: to, runs }), `died at call ${n}`).toEqual(whole);
      }
    },
    120_000,
  );

  it("leaves two stores that nobody opens by accident", async () => {
    const { disk } = await busyStore(5, 4);
    const to = new Disk(3);
    let commits = 0;
    const before = () =>
      ++commits === 3 ? new Promise<"none">(() => undefined) : Promise.resolve("none" as const);
    expect(
      await hasDied(move({ from: disk, to, faults: { before }, options: { commitBytes } })),
    ).toBe(true);
    await expect(Rig.open({ disk })).rejects.toThrow("to the new store has not ended");
    await expect(Rig.open({ disk: to })).rejects.toThrow("from the old store to this store");
  });

  it("can be undone wherever it was, also when the undoing dies, as long as it has not ended", async () => {
    const whole = await endingOf(await busyStore(6, 4));
    let undone = 0;
    for (let n = 1, isCut = true; isCut; n += 1 + Math.floor(n / 6)) {
      const { disk, runs } = await busyStore(6, 4);
      const to = await otherStore();
      isCut = await hasDied(move({ from: disk, to, faults: dyingAt(n), options: { commitBytes } }));
      if (!isCut) continue;
      const hasBegun = sealsOf(disk, to).length > 0;
      await hasDied(abandon({ from: disk, to, faults: dyingAt(1 + (n % 40)) })).catch(codeOf);
      const result = await abandon({ from: disk, to }).then(() => "undone", codeOf);
      expect(["undone", "not-found", "conflict"], `died at call ${n}`).toContain(result);
      // Everything had been found to be the same by then.
      if (result === "conflict") continue;
      if (hasBegun) undone++;
      expect(sealsOf(disk, to)).toEqual([]);
      expect(await new MemoryStore(to).streams("", 100)).toEqual(await otherStreams());
      expect(await endingOf({ disk, runs }), `died at call ${n}`).toEqual(whole);
    }
    expect(undone).toBeGreaterThan(5);
  }, 120_000);
});

describe("a move", () => {
  it("is refused before anything is written when the target has a stream of the source", async () => {
    const { disk } = await busyStore(1, 3);
    const to = (await busyStore(2, 3)).disk;
    const before = await new MemoryStore(to).streams("", 1_000);
    await expect(move({ from: disk, to })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("key/$perdure/server/api-keys"),
    });
    expect(await new MemoryStore(to).streams("", 1_000)).toEqual(before);
    for (const one of [disk, to]) await (await Rig.open({ disk: one })).close();
  });

  it("leaves out what it is told to, and the target keeps its own", async () => {
    const { disk } = await busyStore(1, 3);
    const to = (await busyStore(2, 3)).disk;
    const own = await new MemoryStore(to).read("key/$perdure/server/api-keys" as never);
    const skips = ["key/$perdure/", "key/test/", "topic/", "schedule/"];
    expect(await move({ from: disk, to, options: { skips } })).toMatchObject({ hasMoved: true });
    expect(await new MemoryStore(to).read("key/$perdure/server/api-keys" as never)).toEqual(own);
  });

  it("does not stop a node that lives, and waits for none that is dead", async () => {
    const { disk } = await busyStore(1, 3);
    const env = new VirtualEnv(3);
    let beat = 0;
    let isAlive = true;
    const store = new MemoryStore(disk);
    const node = {
      id: "n",
      address: "10.0.0.7:7400",
      version: "1",
      startedAt: 0,
      isLeaving: false,
    };
    const live = (): void => {
      void store.beat({ ...node, beat: ++beat });
      if (isAlive) env.after(500, live);
    };
    live();
    const to = new Disk(2);
    await expect(move({ from: disk, to, env })).rejects.toMatchObject({
      code: "store-busy",
      message: expect.stringContaining("10.0.0.7:7400"),
    });
    isAlive = false;
    await env.pass(1_000);
    expect(await move({ from: disk, to, env })).toMatchObject({ hasMoved: true });
  });

  it("ends without harm when somebody opens the target all the same", async () => {
    const { disk, runs } = await busyStore(3, 4);
    const to = new Disk(3);
    let commits = 0;
    const before = () => {
      if (++commits === 2) to.open(0, { node: "x", after: epochOf(to, 0), move: moveOf(to) });
      return Promise.resolve("none" as const);
    };
    const options = { commitBytes };
    await expect(move({ from: disk, to, faults: { before }, options })).rejects.toThrow(
      "Somebody else has opened the new store",
    );
    await move({ from: disk, to, options });
    expect(await endingOf({ disk: to, runs })).toEqual(await endingOf(await busyStore(3, 4)));
  });

  it("gives the source up only if the target gives back what was written", async () => {
    const { disk, runs } = await busyStore(3, 4);
    const to = new Disk(3);
    const forgetful = new MemoryStore(to);
    forgetful.read = async (stream, from, limit) => {
      const data = await new MemoryStore(to).read(stream, from, limit);
      return stream.startsWith("topic/") && data ? { ...data, events: [] } : data;
    };
    const bad = { name: "the new store", open: () => Promise.resolve(forgetful) };
    await expect(move({ from: disk, to, options: { to: bad } })).rejects.toMatchObject({
      code: "store-corrupt",
      message: expect.stringContaining("topic/test/order.paid"),
    });
    await abandon({ from: disk, to });
    expect(await endingOf({ disk, runs })).toEqual(await endingOf(await busyStore(3, 4)));
  });

  it("goes from several databases to several others", async () => {
    const { disk, runs } = await busyStore(4, 6);
    const [from, to] = [spread("the old databases", 4, 2), spread("the new databases", 9, 3)];
    await move({ from: disk, to: disk, options: { to: from.source, commitBytes } });
    const { comparison } = await move({
      from: disk,
      to: disk,
      options: { from: from.source, to: to.source, commitBytes },
    });
    expect(comparison?.counts.same).toBe(comparison?.streams);
    // Each database has its own partitions' streams, and no other's.
    for (const one of to.disks) expect(one.names().length).toBeGreaterThan(0);
    const end = new Disk(2);
    await move({ from: disk, to: end, options: { from: to.source } });
    expect(await endingOf({ disk: end, runs })).toEqual(await endingOf(await busyStore(4, 6)));
  });

  it("names a stream that cannot be read, and goes on without it when it is left out", async () => {
    const { disk } = await busyStore(3, 4);
    const to = new Disk(3);
    const name = "topic/test/order.paid";
    const open = (): Promise<Store> => {
      const damaged = new MemoryStore(disk);
      damaged.read = (stream, from, limit) =>
        stream === name
          ? Promise.reject(new PerdureError("store-corrupt", `${stream} cannot be read`))
          : new MemoryStore(disk).read(stream, from, limit);
      return Promise.resolve(damaged);
    };
    const from = { name: "the old store", open };
    await expect(move({ from: disk, to, options: { from } })).rejects.toThrow(name);
    const skips = [name];
    expect(await move({ from: disk, to, options: { from, skips } })).toMatchObject({
      hasMoved: true,
    });
    expect(await new MemoryStore(to).streams("topic/", 10)).toEqual([]);
  });

  it("can be taken back when the new store is lost, by who knows its name", async () => {
    const { disk, runs } = await busyStore(3, 4);
    await move({ from: disk, to: new Disk(3) });
    const env = new VirtualEnv(6);
    const from = { name: "the old store", open: () => Promise.resolve(new MemoryStore(disk)) };
    const take = (to: string) => env.run(takeBack({ from, to, env }));
    await expect(take("another")).rejects.toMatchObject({ code: "store-sealed" });
    await take("the new store");
    await expect(take("the new store")).rejects.toMatchObject({ code: "not-found" });
    expect(await endingOf({ disk, runs })).toEqual(await endingOf(await busyStore(3, 4)));
  });

  it("does not move a store to itself", async () => {
    const { disk } = await busyStore(1, 2);
    const to = { name: "the old store", open: () => Promise.resolve(new MemoryStore(disk)) };
    await expect(move({ from: disk, to: disk, options: { to } })).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });
});

/** Several databases that are one store. */
function spread(name: string, partitions: number, databases: number) {
  const disks = Array.from({ length: databases }, () => new Disk(partitions));
  const open = (): Promise<Store> =>
    SpreadStore.open(
      disks.map((disk) => new MemoryStore(disk)),
      () => name,
    );
  return { disks, source: { name, open } };
}

/** A store with something of its own. */
async function otherStore(): Promise<Disk> {
  const rig = await Rig.open({ disk: new Disk(3), env: new VirtualEnv(99) });
  rig.worker({ scripts: { waits } });
  await rig.start({ workflow: "waits" });
  await rig.env.run(rig.engine.publish("other", "order.sent", { payload: text("1") }));
  await rig.env.pass(100);
  await rig.close();
  return rig.disk;
}

const otherStreams = async () => new MemoryStore(await otherStore()).streams("", 100);

const codeOf = (error: { readonly code?: string }): string | undefined => error.code;

const sealsOf = (...disks: readonly Disk[]) =>
  disks.flatMap((disk) => viewOf(disk).partitions).flatMap(({ seal }) => seal ?? []);

function epochOf(disk: Disk, partition: number): number {
  return viewOf(disk).partitions[partition]?.epoch ?? 0;
}

function moveOf(disk: Disk): string {
  return viewOf(disk).partitions[0]?.seal?.move ?? "";
}

function viewOf(disk: Disk) {
  const asker = { id: "asker", address: "", version: "", startedAt: 0, beat: 0, isLeaving: true };
  return disk.beat(asker, ["asker"]);
}
