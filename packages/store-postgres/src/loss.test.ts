/** What becomes of commits when connections, databases and owners are lost. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { partitionOf, scheduleStream, type StreamId } from "@perdure/kernel";
import { blob, Owner, Owners, row, stream, text, texts } from "@perdure/store/contract";
import { PostgresHarness } from "../testing/postgres-harness.ts";
import { postgresLimits } from "./limits.ts";
import type { PostgresOptions } from "./options.ts";
import { PostgresStore } from "./postgres-store.ts";
import { missingPostgres, startPostgres, type PostgresServer } from "./testing/index.ts";

const missing = missingPostgres();

describe.skipIf(missing !== undefined)(`losses of a PostgreSQL store ${missing ?? ""}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 120_000);
  afterAll(() => server.stop());

  async function withHarness(
    test: (harness: PostgresHarness) => Promise<void>,
    options: PostgresOptions = {},
  ): Promise<void> {
    const harness = await PostgresHarness.make(server, options);
    try {
      await test(harness);
    } finally {
      await harness.dispose();
    }
  }

  it("finds a commit void that was said to be lost, though it arrives later", () =>
    withHarness(async (harness) => {
      const owner = await Owner.open(harness.store);
      harness.proxy.failNext("held");
      const result = await owner.append(stream(1), 1, "held back");
      expect(result.type).toBe("unknown");
      const { epoch } = owner.opened;
      expect(await harness.store.outcome(0, 1, epoch)).toBe("lost");
      await harness.proxy.letGo();
      const next = new Owner(harness.store, 0, owner.opened);
      expect(await harness.store.outcome(0, 1, epoch)).toBe("lost");
      expect((await next.append(stream(1), 1, "another")).type).toBe("done");
      expect(texts(await harness.store.read(stream(1)))).toEqual(["another"]);
    }));

  it("goes on by itself when the database has crashed and is back", () =>
    withHarness(async ({ store }) => {
      const owner = await Owner.open(store);
      expect((await owner.append(stream(1), 1, "a")).type).toBe("done");
      await server.kill();
      const results = [
        await owner.append(stream(1), 2, "b"),
        await owner.append(stream(1), 3, "c"),
      ];
      expect(results.map(({ type }) => type)).not.toContain("done");
      await expect(store.read(stream(9))).rejects.toMatchObject({ code: "store-failed" });
      await server.start();
      const again = await eventually(() => Owner.open(store));
      expect(again.opened.lastBatch).toBe(1);
      expect((await again.append(stream(1), 2, "b")).type).toBe("done");
      expect(texts(await store.read(stream(1)))).toEqual(["a", "b"]);
    }));

  it("answers fenced to the stale one of several whose commits share a transaction", () =>
    withHarness(async (harness) => {
      const { store } = harness;
      const owners = await Promise.all([0, 1, 2].map((n) => Owner.open(store, n)));
      const other = await harness.second();
      await other.open(1);
      const results = await Promise.all(
        owners.map((owner, n) => owner.append(stream(n, n), 1, `event ${n}`)),
      );
      expect(results).toEqual([
        { type: "done" },
        { type: "fenced", partition: 1 },
        { type: "done" },
      ]);
      expect(texts(await store.read(stream(2, 2)))).toEqual(["event 2"]);
      expect(await store.read(stream(1, 1))).toBeUndefined();
    }));

  it("refuses to begin a stream that is there, and takes what came with it", () =>
    withHarness(async ({ store }) => {
      const owner = await Owner.open(store);
      const beside = await Owner.open(store, 1);
      await owner.append(stream(1), 1, "a");
      await owner.commit({ settle: [{ stream: stream(1), hasWork: false }] });
      const again = await Owner.open(store);
      const results = await Promise.all([
        again.append(stream(1), 1, "not its first"),
        beside.append(stream(2, 1), 1, "b"),
      ]);
      expect(results.map(({ type }) => type)).toEqual(["failed", "done"]);
      expect(texts(await store.read(stream(1)))).toEqual(["a"]);
      expect(texts(await store.read(stream(2, 1)))).toEqual(["b"]);
    }));

  it("does not take a commit for durable whose standby was not waited for to the end", () =>
    withHarness(async (harness) => {
      const owner = await Owner.open(harness.store);
      const waiters = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
      const pause = () => new Promise<false>((resolve) => setTimeout(resolve, 20, false));
      const isAnswered = (call: Promise<unknown>): Promise<boolean> =>
        Promise.race([call.then(() => true), pause()]);
      await harness.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
      await harness.sql("SELECT pg_reload_conf()");
      try {
        // The database reads its settings again when it comes to it: until one waits, none does.
        const probes: Promise<unknown>[] = [];
        do {
          probes.push(harness.sql("SELECT pg_logical_emit_message(true, 'probe', '')"));
          await pause();
        } while ((await harness.sql(`SELECT 1 ${waiters}`)).length === 0);
        const waiting = owner.append(stream(1), 1, "a");
        // Until there are answers, since others wait as well.
        do await harness.sql(`SELECT pg_cancel_backend(pid) ${waiters}`);
        while (!(await isAnswered(Promise.all([...probes, waiting]))));
        expect((await waiting).type).toBe("unknown");
      } finally {
        await harness.sql("ALTER SYSTEM RESET synchronous_standby_names");
        await harness.sql("SELECT pg_reload_conf()");
      }
      expect(await harness.store.outcome(0, 1, owner.opened.epoch)).toBe("applied");
    }));

  it("has one owner of each partition, though two begin at once", () =>
    withHarness(async (harness) => {
      const other = await harness.second();
      const claims = [harness.store, other].map((store, n) =>
        store.open(0, { node: `node ${n}`, after: 0 }).then(
          () => "opened",
          (error: unknown) => (error as { readonly code: string }).code,
        ),
      );
      expect((await Promise.all(claims)).toSorted()).toEqual(["fenced", "opened"]);
    }));

  it("is made once, though several nodes begin at once on nothing", async () => {
    const stores = await Promise.all(
      [1, 2, 3, 4].map(() => PostgresStore.open(server.address("schema=at_once&partitions=5"))),
    );
    expect(stores.map(({ partitions }) => partitions)).toEqual([5, 5, 5, 5]);
    for (const store of stores) await store.close();
  });

  it("reads what another node has written and not settled, without owning it", () =>
    withHarness(async (harness) => {
      const owner = await Owner.open(harness.store);
      await owner.append(stream(1), 1, "a");
      await owner.commit({
        settle: [{ stream: stream(1), hasWork: false, alarm: 5 }],
        index: [row(1)],
      });
      await owner.append(stream(2), 1, "b");
      const other = await harness.second();
      expect(await other.alarms(0, 10, 10)).toEqual([{ stream: stream(1), at: 5 }]);
      await owner.append(stream(1), 2, "c");
      expect(texts(await other.read(stream(1)))).toEqual(["a", "c"]);
      expect(texts(await other.read(stream(2)))).toEqual(["b"]);
      expect(await other.read(stream(3))).toBeUndefined();
      expect(await other.alarms(0, 10, 10)).toEqual([]);
      expect(await other.streams("run/", 10)).toEqual([stream(1), stream(2)]);
      const names = ["a", "b", "c"].map((id) => scheduleStream("n", id));
      const owners = await Owners.open(harness.store);
      for (const name of names) await owners.append(name, 1, "x");
      await owners.of(names[1]!).commit({ settle: [{ stream: names[1]!, hasWork: false }] });
      await owners.of(names[2]!).commit({ forget: [names[2]!] });
      expect(await other.streams("schedule/", 10)).toEqual(names.slice(0, 2));
      expect(await other.streams("schedule/", 10, names[0])).toEqual([names[1]]);
      expect(await other.prune(Infinity, 10)).toEqual([]);
      expect((await owners.append(stream(1), 3, "d")).type).toBe("done");
    }));

  it("keeps streams of any name that an index can have, and refuses longer ones by themselves", () =>
    withHarness(async ({ store }) => {
      const owners = await Owners.open(store);
      const named = (bytes: number): StreamId => {
        // Chance, so that no entry of an index gets shorter by being compressed.
        const noise = randomBytes(bytes).toString("hex");
        return `key/n/k/${noise.slice(0, bytes - "key/n/k/".length)}` as StreamId;
      };
      const longest = named(postgresLimits.nameBytes);
      const data = new Uint8Array(40_000).fill(1);
      expect((await owners.append(longest, 1, "a")).type).toBe("done");
      const settle = [{ stream: longest, hasWork: false, alarm: 5 }];
      const result = await owners.of(longest).commit({ settle, blobs: [blob(longest, data)] });
      expect(result.type).toBe("done");
      expect(texts(await store.read(longest))).toEqual(["a"]);
      const tooLong = named(postgresLimits.nameBytes + 1);
      const elsewhere = (partitionOf(tooLong, store.partitions) + 1) % store.partitions;
      const results = await Promise.all([
        owners.append(tooLong, 1, "a"),
        owners.append(stream(1, elsewhere), 1, "b"),
      ]);
      expect(results).toMatchObject([
        { type: "failed", reason: expect.stringContaining("shorter name") },
        { type: "done" },
      ]);
    }));

  it("keeps a message until a receiver on another node has applied it, and no longer", () =>
    withHarness(async (harness) => {
      const sender = await Owner.open(harness.store, 0);
      const receiver = await Owner.open(await harness.second(), 1);
      await sender.commit({ outbox: [{ to: 1, seq: 1, data: text("hello") }] });
      const segments = async () => (await harness.sql("SELECT 1 FROM @.segments")).length;
      expect(await segments()).toBe(1);
      await receiver.commit({ marks: [{ from: 0, seq: 1 }] });
      // What nobody needs goes when the store has been idle for a while.
      await eventually(async () => {
        await sender.commit();
        if ((await segments()) > 0) throw new Error("the message is still kept");
      }, 2 * postgresLimits.idleMs);
      const again = await Owner.open(harness.store, 0);
      expect(again.opened).toMatchObject({ outbox: [], sent: [{ to: 1, seq: 1 }] });
    }));

  for (const options of [{ prepare: false }, { connections: 1 }] as const) {
    it(`works alike with ${JSON.stringify(options)}`, () =>
      withHarness(async (harness) => {
        const owners = await Promise.all([0, 1, 2, 3].map((n) => Owner.open(harness.store, n)));
        const results = await Promise.all(
          owners.flatMap((owner, n) => [
            owner.append(stream(n, n), 1, "a"),
            owner.commit({ settle: [{ stream: stream(n, n), hasWork: false }] }),
            owner.append(stream(n, n), 2, "b"),
          ]),
        );
        expect(results.every(({ type }) => type === "done")).toBe(true);
        expect(texts(await harness.store.read(stream(3, 3)))).toEqual(["a", "b"]);
        expect(await harness.store.streams("run/", 10)).toHaveLength(4);
        await harness.reopen();
        expect(texts(await harness.store.read(stream(2, 2)))).toEqual(["a", "b"]);
      }, options));
  }
});

/** Until it no longer throws: how long that takes says nothing on a machine that is busy. */
async function eventually<T>(action: () => Promise<T>, pauseMs: number = 20): Promise<T> {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (error instanceof TypeError) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
