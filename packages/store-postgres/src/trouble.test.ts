/** What a person is told when a database does not do what is asked of it. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Owner, stream, texts } from "@perdure/store/contract";
import { PostgresStore } from "./postgres-store.ts";
import { adviceFor, isCertain, UnsureError } from "./postgres-error.ts";
import { missingPostgres, startPostgres, type PostgresServer } from "./testing/index.ts";

const missing = missingPostgres();

describe.skipIf(missing !== undefined)(`a database in trouble ${missing ?? ""}`, () => {
  let server: PostgresServer;
  let admin: pg.Client;
  beforeAll(async () => {
    server = await startPostgres();
    admin = new pg.Client(server.connection);
    await admin.connect();
  }, 120_000);
  afterAll(async () => {
    await admin.end();
    await server.stop();
  });

  /** The address for a user of its own, who may make schemas. */
  async function userWith(name: string, rights: string): Promise<string> {
    await admin.query(`CREATE ROLE ${name} LOGIN ${rights}`);
    await admin.query(`GRANT CREATE ON DATABASE postgres TO ${name}`);
    return `postgres://${name}@127.0.0.1:${server.port}/postgres?schema=${name}`;
  }

  const refused = (address: string, message: string): Promise<void> =>
    expect(PostgresStore.open(address)).rejects.toMatchObject({
      code: "store-failed",
      message: expect.stringContaining(message),
    });

  it("says that nothing answers, and where to look", () =>
    refused("postgres://127.0.0.1:1/app", "is the database running"));

  it("says that the name of the host is unknown", () =>
    refused("postgres://nobody.invalid/app", "host's name"));

  it("says that there is no such database", () =>
    refused(`postgres://postgres@127.0.0.1:${server.port}/nowhere`, "no such database"));

  it("says which rights are missing", async () => {
    const address = await userWith("may_nothing", "");
    await admin.query("REVOKE CREATE ON DATABASE postgres FROM may_nothing");
    await refused(address, "grant it CREATE");
  });

  it("says that it is read only", async () => {
    const address = await userWith("reader", "");
    const store = await PostgresStore.open(address);
    const owner = await Owner.open(store);
    await admin.query("ALTER ROLE reader SET default_transaction_read_only = on");
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'",
    );
    let result = await owner.append(stream(1), 1, "a");
    for (let tries = 0; result.type !== "failed" && tries < 100; tries++) {
      result = await new Owner(store, 0, owner.opened).append(stream(1), 1, "a");
    }
    expect(result).toMatchObject({ type: "failed", reason: expect.stringContaining("read only") });
    await admin.query("ALTER ROLE reader RESET default_transaction_read_only");
    await store.close();
  });

  it("says that there are too many connections", async () => {
    const address = await userWith("crowd", "CONNECTION LIMIT 1");
    const store = await PostgresStore.open(`${address}&connections=1`);
    await refused(address, "no connection left");
    await store.close();
  });

  it("says that a statement was cancelled, and goes on after", async () => {
    const address = await userWith("hasty", "");
    const store = await PostgresStore.open(`${address}&connections=1`);
    const owner = await Owner.open(store);
    await admin.query("BEGIN");
    await admin.query("SELECT 1 FROM hasty.partitions WHERE partition = 0 FOR UPDATE");
    const waiting = owner.append(stream(1), 1, "a");
    await cancelWhenWaiting("hasty");
    expect(await waiting).toMatchObject({
      type: "failed",
      reason: expect.stringContaining("statement_timeout"),
    });
    await admin.query("ROLLBACK");
    const again = await Owner.open(store);
    expect((await again.append(stream(1), 1, "a")).type).toBe("done");
    expect(texts(await store.read(stream(1)))).toEqual(["a"]);
    await store.close();
  });

  it("refuses a database that answers before its log is on disk", async () => {
    const address = await userWith("careless", "");
    await admin.query("ALTER ROLE careless SET synchronous_commit = off");
    await expect(PostgresStore.open(address)).rejects.toMatchObject({
      code: "invalid-argument",
      message: expect.stringContaining("synchronous_commit = on"),
    });
  });

  it("refuses a layout that only newer versions know, and works on one that is newer and kept to", async () => {
    const address = server.address("schema=layouts");
    await (await PostgresStore.open(address)).close();
    await admin.query("INSERT INTO layouts.migrations (number, least) VALUES (98, 1)");
    await (await PostgresStore.open(address)).close();
    await admin.query("INSERT INTO layouts.migrations (number, least) VALUES (99, 99)");
    await expect(PostgresStore.open(address)).rejects.toMatchObject({ code: "store-newer" });
  });

  it("keeps the number of partitions that a store was made with", async () => {
    const address = server.address("schema=counted");
    await (await PostgresStore.open(address, { partitions: 3 })).close();
    await expect(PostgresStore.open(address, { partitions: 5 })).rejects.toMatchObject({
      code: "invalid-argument",
    });
    const store = await PostgresStore.open(address);
    expect(store.partitions).toBe(3);
    await expect(store.open(3)).rejects.toMatchObject({ code: "invalid-argument" });
    await store.close();
  });

  async function cancelWhenWaiting(user: string): Promise<void> {
    const other = new pg.Client(server.connection);
    await other.connect();
    for (let cancelled = 0; cancelled === 0;) {
      const { rows } = await other.query<{ done: boolean }>(
        `SELECT pg_cancel_backend(pid) AS done FROM pg_stat_activity
         WHERE usename = $1 AND wait_event_type = 'Lock'`,
        [user],
      );
      cancelled = rows.length;
    }
    await other.end();
  }
});

describe("an error of the database", () => {
  const error = (code: string, severity = "ERROR"): Error =>
    Object.assign(new Error("as the database has it"), { code, severity });

  it("leaves no doubt where the transaction was rolled back, and doubt where it may not have been", () => {
    expect(isCertain(error("53100"))).toBe(true);
    expect(isCertain(error("40001"))).toBe(true);
    expect(isCertain(error("40003"))).toBe(false);
    expect(isCertain(error("57P01", "FATAL"))).toBe(false);
    expect(isCertain(new UnsureError("the wait for the standby was given up"))).toBe(false);
    expect(isCertain(new Error("Connection terminated unexpectedly"))).toBe(false);
  });

  for (const [code, advice] of [
    ["53100", "Free space"],
    ["28P01", "password"],
    ["57P03", "starting up"],
    ["57P01", "being stopped"],
    ["25006", "primary"],
    ["53300", "max_connections"],
    ["53999", "lacks a resource"],
    ["XX000", "see its log"],
  ] as const) {
    it(`${code} says what to do, and what the database has said`, () => {
      expect(adviceFor(error(code))).toContain(advice);
      expect(adviceFor(error(code))).toContain("as the database has it");
    });
  }
});
