import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { limits } from "@perdure/kernel";
import {
  agree,
  blob,
  MemoryHarness,
  Owner,
  row,
  SpreadHarness,
  storeContract,
  stream,
  text,
  texts,
} from "@perdure/store/contract";
import { SqliteHarness } from "../testing/sqlite-harness.ts";
import { SqliteStore } from "./sqlite-store.ts";

storeContract("the SQLite store with a thread", () => SqliteHarness.make(false), ["corrupt"]);
storeContract("the SQLite store inline", () => SqliteHarness.make(true), ["corrupt", "failNext"]);
storeContract("a store over three SQLite files", threeFiles, ["corrupt", "failNext", "several"]);

async function threeFiles(): Promise<SpreadHarness> {
  return SpreadHarness.make(await Promise.all([1, 2, 3].map(() => SqliteHarness.make(true))));
}

async function withHarness(test: (harness: SqliteHarness) => Promise<void>): Promise<void> {
  const harness = await SqliteHarness.make(true);
  try {
    await test(harness);
  } finally {
    await harness.dispose();
  }
}

/** Changes the file as only a fault could, while nobody has it open. */
async function tamper(harness: SqliteHarness, change: (db: DatabaseSync) => void): Promise<void> {
  await harness.store.close();
  const db = new DatabaseSync(harness.path);
  change(db);
  db.close();
}

describe("the SQLite store", () => {
  for (const seed of [1, 2, 3]) {
    it(
      `agrees with the store in memory after every operation (seed ${seed})`,
      () =>
        withHarness(async (sqlite) => {
          const { operations } = await agree(new MemoryHarness(4), sqlite, seed, 1_500);
          expect(operations).toBeGreaterThanOrEqual(1_500);
        }),
      60_000,
    );
  }

  it("agrees, when there are three of them, with a single one in memory", async () => {
    const files = await threeFiles();
    try {
      await agree(new MemoryHarness(4), files, 4, 1_000);
    } finally {
      await files.dispose();
    }
  });

  it("has room in its log before the first commit, so that a sync need not grow the file", () =>
    withHarness(async ({ store }) => {
      const { detail } = await store.facts();
      expect(detail["walBytes"]).toBeGreaterThan(4 * 1024 * 1024);
    }));

  it("opens a file whose process was killed while it made that room", () =>
    withHarness(async (harness) => {
      const owner = await Owner.open(harness.store);
      await owner.append(stream(1), 1, "a");
      await tamper(harness, (db) => db.exec("CREATE TABLE log_room (data BLOB)"));
      const store = SqliteStore.openInline(harness.path);
      expect(texts(await store.read(stream(1)))).toEqual(["a"]);
      await store.close();
      const db = new DatabaseSync(harness.path);
      const left = db.prepare("SELECT name FROM sqlite_schema WHERE name = 'log_room'").all();
      db.close();
      expect(left).toEqual([]);
    }));

  it("runs in memory, for tests", async () => {
    const store = SqliteStore.openInline(":memory:");
    const owner = await Owner.open(store);
    await owner.append(stream(1), 1, "a");
    expect(texts(await store.read(stream(1)))).toEqual(["a"]);
    await store.close();
  });

  it("refuses a file of a newer version, and changes nothing in it", () =>
    withHarness(async (harness) => {
      await tamper(harness, (db) => db.exec("PRAGMA user_version = 999"));
      expect(() => SqliteStore.openInline(harness.path)).toThrow(
        expect.objectContaining({ code: "store-newer" }),
      );
      await expect(SqliteStore.open(harness.path)).rejects.toMatchObject({ code: "store-newer" });
      const db = new DatabaseSync(harness.path);
      expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: 999 });
      db.close();
    }));

  it("keeps the number of partitions a file was made with", () =>
    withHarness(async (harness) => {
      await harness.store.close();
      expect(() => SqliteStore.openInline(harness.path, { partitions: 5 })).toThrow(
        expect.objectContaining({ code: "invalid-argument" }),
      );
      const store = SqliteStore.openInline(harness.path);
      expect(store.partitions).toBe(4);
      await expect(store.open(4)).rejects.toMatchObject({ code: "invalid-argument" });
      await store.close();
    }));

  it("answers failed when the disk is full, says what to do, and goes on after", () =>
    withHarness(async (harness) => {
      await harness.store.close();
      const store = SqliteStore.openInline(harness.path, { maxBytes: 5 * 1024 * 1024 });
      const owner = await Owner.open(store);
      await owner.append(stream(1), 1, "a");
      const events = [new Uint8Array(8_000_000)];
      const result = await owner.commit({ appends: [{ stream: stream(1), from: 2, events }] });
      expect(result).toMatchObject({ type: "failed" });
      expect("reason" in result && result.reason).toContain("Free disk space");
      expect(await store.outcome(0, 2)).toBe("lost");
      const again = await Owner.open(store);
      expect((await again.append(stream(1), 2, "b")).type).toBe("done");
      expect(texts(await store.read(stream(1)))).toEqual(["a", "b"]);
      await store.close();
    }));

  it("finds a flipped bit in the log, in the one stream it belongs to", () =>
    withHarness(async (harness) => {
      const owner = await Owner.open(harness.store);
      await owner.append(stream(1), 1, "needle");
      await owner.append(stream(2), 1, "hay");
      await tamper(harness, (db) => {
        for (const { id, data } of db.prepare("SELECT id, data FROM segments").all()) {
          const bytes = Buffer.from(data as Uint8Array);
          const at = bytes.indexOf("needle");
          if (at >= 0) bytes[at] = (bytes[at] ?? 0) ^ 4;
          db.prepare("UPDATE segments SET data = ? WHERE id = ?").run(bytes, id ?? null);
        }
      });
      const store = SqliteStore.openInline(harness.path);
      expect((await store.open(0)).streams.toSorted()).toEqual([stream(1), stream(2)]);
      await expect(store.read(stream(1))).rejects.toMatchObject({ code: "store-corrupt" });
      expect(texts(await store.read(stream(2)))).toEqual(["hay"]);
      await store.close();
    }));

  it("finds a lost segment by the gap it leaves", () =>
    withHarness(async (harness) => {
      const owner = await Owner.open(harness.store);
      for (const n of [1, 2, 3]) await owner.append(stream(1), n, `event ${n}`);
      await tamper(harness, (db) => db.exec("DELETE FROM segments WHERE id = 2"));
      const store = SqliteStore.openInline(harness.path);
      await expect(store.read(stream(1))).rejects.toMatchObject({ code: "store-corrupt" });
      await store.close();
    }));

  it("answers for each of the streams that are read together, though one cannot be read", async () => {
    const harness = await SqliteHarness.make(false);
    try {
      const owner = await Owner.open(harness.store);
      for (const n of [1, 2, 3]) {
        await owner.append(stream(n), 1, `event ${n}`);
        await owner.commit({ settle: [{ stream: stream(n), hasWork: false }] });
      }
      const db = new DatabaseSync(harness.path);
      const lost = "(SELECT 4194304 * id FROM streams WHERE name = ?)";
      db.prepare(`DELETE FROM chunks WHERE id = ${lost}`).run(stream(2));
      db.close();
      const reads = [1, 2, 3, 4].map((n) => harness.store.read(stream(n)));
      const [one, two, three, four] = await Promise.allSettled(reads);
      expect(one).toMatchObject({ value: { events: [text("event 1")] } });
      expect(two).toMatchObject({ reason: { code: "store-corrupt" } });
      expect(three).toMatchObject({ value: { events: [text("event 3")] } });
      expect(four).toEqual({ status: "fulfilled", value: undefined });
    } finally {
      await harness.dispose();
    }
  });

  it("finds an altered blob", () =>
    withHarness(async (harness) => {
      const owner = await Owner.open(harness.store);
      const large = blob(stream(1), new Uint8Array(50_000));
      await owner.commit({ blobs: [large] });
      await tamper(harness, (db) => db.exec("UPDATE blobs SET data = x'00'"));
      const store = SqliteStore.openInline(harness.path);
      await expect(store.blobs(0, [large.hash])).rejects.toMatchObject({ code: "store-corrupt" });
      await store.close();
    }));

  it("keeps streams apart that are settled and written again within one transaction", () =>
    withHarness(async (harness) => {
      const owner = await Owner.open(harness.store);
      const append = (from: number, event: string) => ({
        appends: [{ stream: stream(1), from, events: [text(event)] }],
      });
      await harness.store.commit([
        owner.batch({ ...append(1, "a"), settle: [{ stream: stream(1), hasWork: false }] }),
        owner.batch(append(2, "b")),
        owner.batch({ forget: [stream(1)] }),
        owner.batch(append(1, "c")),
      ]);
      await harness.reopen();
      expect(texts(await harness.store.read(stream(1)))).toEqual(["c"]);
    }));

  it("has the row of a settled run after a crash, though nobody flushed", () =>
    withHarness(async (harness) => {
      const owner = await Owner.open(harness.store);
      await owner.commit({
        appends: [{ stream: stream(1), from: 1, events: [text("a")] }],
        index: [row(1)],
      });
      await owner.commit({
        index: [row(1, { status: "completed" })],
        settle: [{ stream: stream(1), hasWork: false }],
      });
      await harness.reopen();
      const { rows } = await harness.store.search({ namespace: "default", limit: 1 });
      expect(rows.map(({ status }) => status)).toEqual(["completed"]);
    }));

  it("drops what it no longer needs, and keeps the truth about it", () =>
    withHarness(async (harness) => {
      const owner = await Owner.open(harness.store);
      for (let n = 1; n <= 300; n++) {
        await owner.commit({
          appends: [{ stream: stream(n), from: 1, events: [text("a")] }],
          outbox: [{ to: 1, seq: n, data: text("m") }],
          settle: [{ stream: stream(n), hasWork: false }],
        });
      }
      const receiver = await Owner.open(harness.store, 1);
      for (let seq = 1; seq <= 300; seq++) await receiver.commit({ marks: [{ from: 0, seq }] });
      const { detail } = await harness.store.facts();
      expect(detail["segments"]).toBeLessThan(100);
      await harness.reopen();
      const opened = await harness.store.open(0);
      expect(opened).toMatchObject({ lastBatch: 300, outbox: [], sent: [{ to: 1, seq: 300 }] });
      expect((await harness.store.open(1)).marks).toEqual([{ from: 0, seq: 300 }]);
      expect(texts(await harness.store.read(stream(7)))).toEqual(["a"]);
    }));

  it("gathers the oldest streams when more are unsettled than it may know by heart", () =>
    withHarness(async ({ path }) => {
      const store = SqliteStore.openInline(`${path}-few`, { unsettledStreams: 5 });
      const owner = await Owner.open(store);
      const streams = [1, 2, 3, 4, 5, 6].map((n) => stream(n));
      const known = async () => (await store.facts()).detail["unsettledStreams"];
      for (const one of streams.slice(0, 5)) await owner.append(one, 1, "a");
      await owner.append(stream(5), 2, "b");
      expect(await known()).toBe(5);
      await owner.append(stream(6), 1, "a");
      await owner.append(stream(6), 2, "b");
      expect(await known()).toBeLessThan(5);
      expect((await store.open(0)).streams.toSorted()).toEqual(streams);
      expect(texts(await store.read(stream(5)))).toEqual(["a", "b"]);
      await store.close();
    }));

  it("keeps no more rows waiting than its limit and a commit's, though runs come in bulk", () =>
    withHarness(async ({ path }) => {
      const store = SqliteStore.openInline(`${path}-bulk`);
      const owner = await Owner.open(store);
      for (const first of [0, 1_000, 2_000, 3_000, 4_000]) {
        const numbers = Array.from({ length: 1_000 }, (_, i) => first + i);
        await owner.commit({
          appends: numbers.map((n) => ({ stream: stream(n), from: 1, events: [text("a")] })),
          index: numbers.map((n) => row(n)),
        });
      }
      const { detail } = await store.facts();
      expect(detail["waitingIndexRows"]).toBeLessThanOrEqual(limits.storeWaitingRows + 1_000);
      expect(detail["waitingIndexRows"]).toBeGreaterThan(0);
      expect(await store.count({ namespace: "default" })).toBe(5_000);
      await store.close();
    }));

  it("leaves no lock behind when it is closed", () =>
    withHarness(async (harness) => {
      await harness.store.close();
      expect(existsSync(`${harness.path}.pid`)).toBe(false);
      const store = await SqliteStore.open(harness.path);
      await store.close();
    }));
});
