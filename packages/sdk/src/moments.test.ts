/** A store of two databases, one of which was put back to an earlier moment. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { createCalendar, Engine, systemEnv } from "@perdure/engine";
import { SpreadStore, type Store } from "@perdure/store";
import { Owner, text } from "@perdure/store/contract";
import {
  missingPostgres,
  startPostgres,
  type PostgresServer,
} from "@perdure/store-postgres/testing";
import { SqliteStore } from "@perdure/store-sqlite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { open, workflow } from "./index.ts";

const missing = missingPostgres();
const accept = new URL("../../../deploy/postgresql/accept-loss.sql", import.meta.url);

const add = workflow({ name: "add" }, (ctx, n: number) => ctx.step("one", () => n + 1));
/** Its call goes to whatever partition the child is in, and the answer comes back. */
const calls = workflow({ name: "calls" }, (ctx, n: number) => ctx.call(add, n));

describe.skipIf(missing !== undefined)(`databases of one store ${missing ?? ""}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 120_000);
  afterAll(() => server.stop());

  async function query(database: string, sql: string): Promise<readonly string[]> {
    const client = new pg.Client({ ...server.connection, database });
    await client.connect();
    try {
      const { rows } = await client.query<string[]>({ text: sql, rowMode: "array" });
      return rows.flat();
    } finally {
      await client.end();
    }
  }

  const address = (database: string): string =>
    server.address("connections=2&partitions=6").replace(/\/[^/?]*\?/, `/${database}?`);

  function begin(databases: readonly string[]): ReturnType<typeof open> {
    return open({ store: databases.map(address).join(), workflows: [add, calls] });
  }

  async function work(databases: readonly string[], from: number): Promise<void> {
    await using perdure = await begin(databases);
    const runs = await Promise.all(
      Array.from({ length: 40 }, (_, n) => perdure.start(calls, { id: `c${from + n}`, input: n })),
    );
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual(runs.map((_, n) => n + 1));
  }

  let copies = 0;

  /** A database as another is now, which nobody may be connected to. */
  async function copyOf(database: string): Promise<string> {
    const name = `copy_${++copies}`;
    await query("postgres", `CREATE DATABASE ${name} TEMPLATE ${database}`);
    return name;
  }

  it("are refused at different moments, and opened when all go back or the loss is accepted", async () => {
    const store = ["one", "two"] as const;
    for (const name of store) await query("postgres", `CREATE DATABASE ${name}`);
    await work(store, 0);
    const [one, two] = [await copyOf("one"), await copyOf("two")];
    await work(store, 100);

    for (const [databases, behind] of [
      [["one", await copyOf(two)], 1],
      [[await copyOf(one), "two"], 0],
    ] as const) {
      await using perdure = await begin(databases);
      const { refused } = await vi.waitFor(() => {
        const stats = perdure.engine.stats();
        expect(stats.refused).toBeDefined();
        return stats;
      }, 10_000);
      expect(refused?.partitions.every((partition) => partition % 2 === behind)).toBe(true);
      const place = `/${databases[behind]}) stands at an earlier moment than database ${1 - behind}`;
      expect(refused?.reason).toContain(place);
    }
    await work([await copyOf(one), await copyOf(two)], 200);

    const sql = readFileSync(accept, "utf8");
    const asked = sql.replaceAll(":databases", "2").replaceAll(":behind", "1");
    for (const statement of await query("one", asked)) await query(two, statement);
    await work(["one", two], 300);
  }, 120_000);
});

describe("databases of one store in files", () => {
  const folder = mkdtempSync(join(tmpdir(), "perdure-moments-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const openFiles = (...names: readonly string[]): Promise<Store> =>
    SpreadStore.open(
      names.map((name) => SqliteStore.openInline(join(folder, name), { partitions: 4 })),
      () => "files",
    );

  /** Partition 0 has sent partition 1 so many messages, which it has applied. */
  async function talk(from: number, last: number): Promise<void> {
    const store = await openFiles("one", "two");
    const [sender, receiver] = [await Owner.open(store, 0), await Owner.open(store, 1)];
    for (let seq = from; seq <= last; seq++) {
      await sender.commit({ outbox: [{ to: 1, seq, data: text("message") }] });
      await receiver.commit({ marks: [{ from: 0, seq }] });
    }
    await store.close();
  }

  async function start(...names: readonly string[]): Promise<void> {
    const store = await openFiles(...names);
    try {
      await Engine.open({ store, env: systemEnv(), calendar: createCalendar() });
    } finally {
      await store.close();
    }
  }

  it("are refused at different moments, whichever of them lags behind", async () => {
    await talk(1, 2);
    for (const name of ["one", "two"]) cpSync(join(folder, name), join(folder, `${name}-before`));
    await talk(3, 5);
    await expect(start("one-before", "two")).rejects.toMatchObject({
      code: "store-corrupt",
      detail: { of: "sent", partition: 0, peer: 1, own: 2, known: 5 },
    });
    await expect(start("one", "two-before")).rejects.toMatchObject({
      code: "store-corrupt",
      message: expect.stringContaining(join(folder, "two-before")),
      detail: { of: "applied", partition: 1, peer: 0, own: 2, known: 5 },
    });
  });
});
