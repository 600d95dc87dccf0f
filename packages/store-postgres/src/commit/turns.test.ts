import { describe, expect, it } from "vitest";
import { limits } from "@perdure/kernel";
import type { Batch } from "@perdure/store";
import { Turns, type CommitCall } from "./turns.ts";

/** A batch of a partition, as large as is said. */
function batch(partition: number, bytes = 1): Batch {
  const data = new Uint8Array(bytes);
  const nothing = { appends: [], marks: [], blobs: [], index: [], settle: [], forget: [] };
  return { partition, epoch: 1, number: 1, outbox: [{ to: 0, seq: 1, data }], ...nothing };
}

/** A database that answers when it is told to. */
class Scene {
  readonly turns: Turns;
  /** The partitions of each group that was begun. */
  readonly begun: number[][] = [];
  readonly #underway: (() => void)[] = [];

  constructor(width = 3) {
    this.turns = new Turns(width, (calls) => this.#carryOut(calls));
  }

  /** The group that was begun first ends. */
  async end(): Promise<void> {
    this.#underway.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async #carryOut(calls: readonly CommitCall[]): Promise<void> {
    this.begun.push(calls.flatMap(({ batches }) => batches.map(({ partition }) => partition)));
    await new Promise<void>((resolve) => this.#underway.push(resolve));
    for (const call of calls) call.answer({ type: "done" });
  }
}

describe("turns", () => {
  it("make one group of the commits that wait, in the order in which they came", async () => {
    const { turns, begun, end } = bound(new Scene());
    void turns.commit([batch(1)]);
    void turns.commit([batch(1), batch(2)]);
    void turns.commit([batch(2)]);
    void turns.commit([batch(1)]);
    expect(begun).toEqual([[1]]);
    await end();
    expect(begun).toEqual([[1], [1, 2, 2, 1]]);
  });

  it("let other partitions overtake, but nothing that shares one with what waits", async () => {
    const { turns, begun, end } = bound(new Scene());
    void turns.commit([batch(1)]);
    void turns.commit([batch(1), batch(2)]);
    void turns.commit([batch(2)]);
    void turns.commit([batch(3)]);
    expect(begun).toEqual([[1], [3]]);
    await end();
    expect(begun).toEqual([[1], [3], [1, 2, 2]]);
  });

  it("have no more under way than they are wide", async () => {
    const { turns, begun, end } = bound(new Scene(2));
    for (const partition of [1, 2, 3, 4]) void turns.commit([batch(partition)]);
    expect(begun).toEqual([[1], [2]]);
    await end();
    expect(begun).toEqual([[1], [2], [3, 4]]);
  });

  it("close a group at its size, and take one larger commit by itself", async () => {
    const { turns, begun, end } = bound(new Scene(1));
    const most = limits.storeGroupBytes;
    for (const bytes of [1, most - 1, 1, most + 1, 1]) void turns.commit([batch(1, bytes)]);
    await end();
    expect(begun).toEqual([[1], [1, 1]]);
    await end();
    expect(begun).toEqual([[1], [1, 1], [1]]);
  });

  it("do what is to be alone after what came before it and before what comes after", async () => {
    const { turns, begun, end } = bound(new Scene());
    const order: string[] = [];
    void turns.commit([batch(1)]).then(() => order.push("before"));
    const alone = turns.alone([1], () => Promise.resolve(order.push("alone")));
    void turns.commit([batch(1)]).then(() => order.push("after"));
    expect(begun).toEqual([[1]]);
    await end();
    await alone;
    await end();
    expect(order).toEqual(["before", "alone", "after"]);
  });

  it("look at a partition between pieces of work, and at once where there is none", async () => {
    const { turns, end } = bound(new Scene());
    const seen: string[] = [];
    void turns.commit([batch(1)]).then(() => seen.push("answered"));
    void turns.commit([batch(1)]).then(() => seen.push("answered later"));
    const look = turns.look(1, () => seen.push("looked"));
    await turns.look(2, () => seen.push("looked elsewhere"));
    await end();
    await look;
    expect(seen.toSorted()).toEqual(["answered", "looked", "looked elsewhere"]);
    expect(seen[0]).toBe("looked elsewhere");
    await end();
    expect(seen.at(-1)).toBe("answered later");
  });

  it("know when all is done, and when all that has come so far is answered", async () => {
    const { turns, end } = bound(new Scene());
    const done: string[] = [];
    void turns.commit([batch(1)]);
    const answered = turns.answered().then(() => done.push("answered"));
    void turns.commit([batch(1)]);
    const idle = turns.idle().then(() => done.push("idle"));
    await end();
    await answered;
    expect(done).toEqual(["answered"]);
    await end();
    await idle;
    expect(done).toEqual(["answered", "idle"]);
  });

  it("tell who asked when his work throws, and go on", async () => {
    const { turns } = bound(new Scene());
    const work = turns.alone([1], () => Promise.reject(new Error("no")));
    await expect(work).rejects.toThrow("no");
    expect(await turns.alone([1], () => Promise.resolve(7))).toBe(7);
  });
});

function bound(scene: Scene): Pick<Scene, "turns" | "begun" | "end"> {
  return { turns: scene.turns, begun: scene.begun, end: () => scene.end() };
}
