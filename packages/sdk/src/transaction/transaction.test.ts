import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  missingPostgres,
  startPostgres,
  type PostgresServer,
} from "@perdure/store-postgres/testing";
import { workflow, type Database } from "../index.ts";
import { SingleRun } from "../testing/single-run.test-support.ts";

let server: PostgresServer | undefined;
let pool: pg.Pool | undefined;

const missing = missingPostgres();

beforeAll(async () => {
  if (missing !== undefined) return;
  server = await startPostgres();
  pool = new pg.Pool({ ...server.connection, max: 4 });
}, 60_000);

afterAll(async () => {
  await pool?.end();
  await server?.stop();
});

interface Subject {
  readonly database: Database;
  insert(tx: unknown, id: string): Promise<void>;
  bookings(): Promise<string[]>;
  close(): Promise<void>;
}

function sqlite(): Subject {
  const database = new DatabaseSync(":memory:");
  database.exec("create table bookings (id text)");
  return {
    database,
    insert: async (tx, id) => {
      (tx as DatabaseSync).prepare("insert into bookings values (?)").run(id);
    },
    bookings: async () =>
      database
        .prepare("select id from bookings order by id")
        .all()
        .map((row) => String(row["id"])),
    close: async () => database.close(),
  };
}

async function postgres(): Promise<Subject> {
  const open = pool!;
  await open.query("drop table if exists bookings, perdure_outcomes");
  await open.query("create table bookings (id text)");
  return {
    database: open,
    insert: async (tx, id) => {
      await (tx as pg.PoolClient).query("insert into bookings values ($1)", [id]);
    },
    bookings: async () => {
      const { rows } = await open.query<{ id: string }>("select id from bookings order by id");
      return rows.map(({ id }) => id);
    },
    close: async () => undefined,
  };
}

/** Database work takes real time. */
async function until(run: SingleRun, isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 2));
  await run.rest();
}

describe.each([
  ["SQLite", async () => sqlite()],
  ["PostgreSQL", postgres],
])("a transaction on %s", (name, open) => {
  beforeEach(({ skip }) => skip(name === "PostgreSQL" && missing !== undefined, missing));

  test("commits the writes and the outcome together, once, whatever crashes", async () => {
    const subject = await open();
    let calls = 0;
    const definition = workflow({ name: "w" }, async (ctx) => {
      return ctx.transaction("book", subject.database, async (tx) => {
        calls += 1;
        await subject.insert(tx, "seat-7");
        return { seat: 7, calls };
      });
    });
    const run = new SingleRun(definition);
    // The worker is lost after the commit, before it could say so.
    run.activate();
    run.mute();
    await until(run, () => calls === 1);
    while ((await subject.bookings()).length === 0) await run.rest();
    run.kill();
    expect(run.kinds()).toEqual(["run.started"]);

    run.activate(true);
    await until(run, () => run.outcome !== undefined);
    expect(run.outcome).toMatchObject({ status: "completed" });
    expect(calls).toBe(1);
    expect(await subject.bookings()).toEqual(["seat-7"]);
    await subject.close();
  });

  test("that fails leaves nothing, and is tried again", async () => {
    const subject = await open();
    const definition = workflow({ name: "w", retry: { initialMs: 10 } }, async (ctx) => {
      return ctx.transaction("book", subject.database, async (tx, { attempt }) => {
        await subject.insert(tx, `attempt-${attempt}`);
        if (attempt === 1) throw new Error("too late");
      });
    });
    const run = new SingleRun(definition);
    run.activate();
    await until(run, () => run.kinds().includes("step.failed"));
    expect(await subject.bookings()).toEqual([]);
    void run.pass(1000);
    await until(run, () => run.outcome !== undefined);
    expect(await subject.bookings()).toEqual(["attempt-2"]);
    await subject.close();
  });

  test("takes its turn when others are asked for at the same time", async () => {
    const subject = await open();
    const definition = workflow({ name: "w" }, async (ctx) => {
      const ids = ["a", "b", "c", "d", "e", "f"];
      return Promise.all(
        ids.map((id) =>
          ctx.transaction("book", subject.database, async (tx) => {
            await subject.insert(tx, id);
            return id;
          }),
        ),
      );
    });
    const run = new SingleRun(definition);
    run.activate();
    await until(run, () => run.outcome !== undefined);
    expect(run.outcome?.status).toBe("completed");
    expect(await subject.bookings()).toEqual(["a", "b", "c", "d", "e", "f"]);
    await subject.close();
  });
});

test("a single client of pg serves as well as a pool", async () => {
  const client = new pg.Client(server!.connection);
  await client.connect();
  const definition = workflow({ name: "w" }, async (ctx) => {
    const select = (n: number) =>
      ctx.transaction("one", client, async (tx) => {
        const { rows } = await tx.query<{ n: number }>("select $1::int as n", [n]);
        return rows[0]?.n;
      });
    return Promise.all([select(1), select(2)]);
  });
  const run = new SingleRun(definition);
  run.activate();
  await until(run, () => run.outcome !== undefined);
  expect(run.outcome?.status).toBe("completed");
  await client.end();
});
