import type { Batch, CommitResult, Store } from "@perdure/store";
import { MemoryStore } from "@perdure/store";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Random } from "../fuzz/random.ts";
import { Writer } from "./writer.ts";

type Commit = Store["commit"];

let store: Store;
let writer: Writer;
let commit: Commit;
beforeEach(async () => {
  const memory = new MemoryStore();
  store = memory;
  commit = memory.commit.bind(memory);
  // A store whose commits are bent; everything else is as it was.
  const bent: Store = new Proxy(memory, {
    get: (target, name) => {
      if (name === "commit") return (batches: readonly Batch[]) => commit(batches);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  writer = new Writer(() => bent, [0, 1], new Random(7));
  await writer.open();
});
afterEach(() => store.close());

/** Bends the n-th commit from now on. */
function bend(
  n: number,
  bending: (real: Commit, batches: readonly Batch[]) => ReturnType<Commit>,
): void {
  const real = commit;
  let left = n;
  commit = (batches) => (--left === 0 ? bending(real, batches) : real(batches));
}

async function work(rounds: number): Promise<void> {
  let left = rounds;
  await writer.go(() => left-- === 0);
  await writer.open();
  await writer.audit(store);
}

const unknown: CommitResult = { type: "unknown", reason: "the answer was lost" };

describe("a writer", () => {
  test("has nothing to complain of where the store keeps its word", async () => {
    await work(40);
    expect(writer.complaints).toEqual([]);
    expect(writer.tally).toMatchObject({ done: 120, failed: 0, applied: 0, lost: 0 });
  });

  test("finds out what became of a commit without an answer", async () => {
    bend(5, async (real, batches) => {
      await real(batches);
      return unknown;
    });
    await work(10);
    bend(5, async () => unknown);
    await work(10);
    expect(writer.complaints).toEqual([]);
    expect(writer.tally).toMatchObject({ applied: 1, lost: 1 });
  });

  test("complains of a commit that was acknowledged and is lost", async () => {
    bend(30, async () => ({ type: "done" }));
    await work(10);
    expect(writer.complaints).not.toEqual([]);
  });

  test("complains of one that was refused and is there", async () => {
    bend(30, async (real, batches) => {
      await real(batches);
      return { type: "failed", reason: "it was said not to be applied" };
    });
    await work(10);
    expect(writer.complaints.join("\n")).toMatch(/is at batch \d+, not \d+/);
  });

  test("complains of half a commit", async () => {
    bend(3, async (real, batches) => {
      await real(batches.slice(0, 1));
      return unknown;
    });
    // Until one is over both partitions.
    for (let n = 0; n < 20 && writer.complaints.length === 0; n++) {
      await work(1);
      bend(3, async (real, batches) => {
        await real(batches.slice(0, 1));
        return unknown;
      });
    }
    expect(writer.complaints[0]).toMatch(/over two partitions was applied to one: p0#\d+ and p1#/);
  });

  test("complains of a lost commit that arrives after all", async () => {
    let late: (() => ReturnType<Commit>) | undefined;
    bend(3, async (real, batches) => {
      late = () => real(batches);
      return unknown;
    });
    await writer.commit(3);
    // Nobody has fenced it: the partitions were not opened in between.
    expect(await late?.()).toEqual({ type: "done" });
    await writer.open();
    await writer.audit(store);
    expect(writer.complaints.join("\n")).toContain("was lost, and now is not");
  });
});
