/** What is dropped, gathered and found damaged in the tables of a store. */
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blob, Owner, row, stream, text, texts } from "@perdure/store/contract";
import { PostgresHarness } from "../testing/postgres-harness.ts";
import { parseAddress } from "./address.ts";
import { Database } from "./database.ts";
import type { PostgresOptions } from "./options.ts";
import { ConnectError } from "./postgres-error.ts";
import { missingPostgres, startPostgres, type PostgresServer } from "./testing/index.ts";

const missing = missingPostgres();

describe.skipIf(missing !== undefined)(`upkeep of a PostgreSQL store ${missing ?? ""}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 120_000);
  afterAll(() => server.stop());

  async function withHarness(
    test: (harness: PostgresHarness) => Promise<void>,
    options: PostgresOptions = {},
  ): Promise<void> {
    const harness = await PostgresHarness.make(server, { logBytes: 1_000_000, ...options });
    try {
      await test(harness);
    } finally {
      await harness.dispose();
    }
  }

  const counted = async (harness: PostgresHarness, table: string): Promise<number> =>
    Number((await harness.sql(`SELECT count(*) AS n FROM @.${table}`))[0]?.["n"]);

  it("drops what it no longer needs, and keeps the truth about it", () =>
    withHarness(async (harness) => {
      const owner = await Owner.open(harness.store);
      const receiver = await Owner.open(harness.store, 1);
      for (let n = 1; n <= 100; n++) {
        await owner.commit({
          appends: [{ stream: stream(n), from: 1, events: [text("a")] }],
          outbox: [{ to: 1, seq: n, data: text("m") }],
          settle: [{ stream: stream(n), hasWork: false }],
          index: [row(n)],
        });
        await receiver.commit({ marks: [{ from: 0, seq: n }] });
      }
      expect(await counted(harness, "segments")).toBeLessThan(100);
      await until(async () => (await counted(harness, "segments")) === 0);
      await harness.reopen();
      const opened = await harness.store.open(0);
      expect(opened).toMatchObject({ lastBatch: 100, outbox: [], sent: [{ to: 1, seq: 100 }] });
      expect((await harness.store.open(1)).marks).toEqual([{ from: 0, seq: 100 }]);
      expect(texts(await harness.store.read(stream(7)))).toEqual(["a"]);
    }));

  it("leaves no trace of what is forgotten, when the log that knew of it is gone", () =>
    withHarness(async (harness) => {
      const owner = await Owner.open(harness.store);
      const data = new Uint8Array(40_000).fill(1);
      await owner.append(stream(1), 1, "a");
      await owner.commit({
        settle: [{ stream: stream(1), hasWork: false, snapshot: { seq: 1, data: text("s") } }],
        blobs: [blob(stream(1), data)],
        index: [row(1)],
      });
      await owner.append(stream(2), 1, "b");
      await owner.commit({ forget: [stream(1), stream(2)] });
      await owner.append(stream(3), 1, "c");
      await owner.commit({ settle: [{ stream: stream(3), hasWork: false }] });
      await until(async () => (await counted(harness, "streams")) === 1);
      for (const table of ["segments", "snapshots", "blobs", "blob_references", "runs"]) {
        expect([table, await counted(harness, table)]).toEqual([table, 0]);
      }
      expect(await counted(harness, "chunks")).toBe(1);
    }));

  it("gathers the oldest streams when more are unsettled than it may know by heart", () =>
    withHarness(
      async ({ store }) => {
        const owner = await Owner.open(store);
        const streams = [1, 2, 3, 4, 5, 6].map((n) => stream(n));
        for (const one of streams) await owner.append(one, 1, "a");
        await owner.append(stream(6), 2, "b");
        await until(async () => Number((await store.facts()).detail["unsettledStreams"]) <= 5);
        expect((await owner.append(stream(1), 2, "b")).type).toBe("done");
        expect((await store.open(0)).streams.toSorted()).toEqual(streams);
        expect(texts(await store.read(stream(1)))).toEqual(["a", "b"]);
      },
      { unsettledStreams: 5 },
    ));

  it("finds a flipped bit in the log, in the one stream it belongs to", () =>
    withHarness(async (harness) => {
      const owner = await Owner.open(harness.store);
      await owner.append(stream(1), 1, "needle");
      await owner.append(stream(2), 1, "hay");
      await harness.sql(
        `UPDATE @.segments SET data = set_byte(data, position($1::bytea IN data), 4)
         WHERE position($1::bytea IN data) > 0`,
        [Buffer.from("needle")],
      );
      await harness.reopen();
      const { store } = harness;
      expect((await store.open(0)).streams.toSorted()).toEqual([stream(1), stream(2)]);
      await expect(store.read(stream(1))).rejects.toMatchObject({ code: "store-corrupt" });
      expect(texts(await store.read(stream(2)))).toEqual(["hay"]);
    }));

  it("finds a lost segment by the gap it leaves", () =>
    withHarness(async (harness) => {
      const owner = await Owner.open(harness.store);
      for (const n of [1, 2, 3]) await owner.append(stream(1), n, `event ${n}`);
      await harness.sql("DELETE FROM @.segments WHERE number = 2");
      await harness.reopen();
      await harness.store.open(0);
      const corrupt = { code: "store-corrupt" };
      await expect(harness.store.read(stream(1))).rejects.toMatchObject(corrupt);
    }));

  it("finds an altered blob and an altered snapshot", () =>
    withHarness(async (harness) => {
      const owner = await Owner.open(harness.store);
      const large = blob(stream(1), new Uint8Array(50_000));
      await owner.append(stream(1), 1, "a");
      const snapshot = { seq: 1, data: text("state") };
      const settle = [{ stream: stream(1), hasWork: false, snapshot }];
      await owner.commit({ blobs: [large], settle });
      await harness.sql("UPDATE @.blobs SET data = 'x'");
      await harness.sql("UPDATE @.snapshots SET data = 'x'");
      const corrupt = { code: "store-corrupt" };
      await expect(harness.store.blobs(0, [large.hash])).rejects.toMatchObject(corrupt);
      await expect(harness.store.read(stream(1))).rejects.toMatchObject(corrupt);
      expect(texts(await harness.store.read(stream(1), 1))).toEqual(["a"]);
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
      const again = await Owner.open(harness.store);
      await again.commit({ settle: [{ stream: stream(1), hasWork: false }] });
      expect(texts(await harness.store.read(stream(1)))).toEqual(["c"]);
    }));
});

describe("a database that takes no connections", () => {
  it("is asked again and again, but not as often as anybody wants something", async () => {
    let asked = 0;
    const server = createServer((socket) => {
      asked += 1;
      socket.destroy();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const database = new Database(parseAddress(`postgres://me@127.0.0.1:${port}/app`));
    for (let n = 0; n < 200; n++) {
      await expect(database.run({ name: "one", text: "SELECT 1" })).rejects.toBeInstanceOf(
        ConnectError,
      );
    }
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(20);
    await database.close();
    server.close();
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
