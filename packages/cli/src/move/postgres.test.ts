/** Between SQLite and PostgreSQL, and between databases. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CuttingProxy,
  missingPostgres,
  startPostgres,
  type PostgresServer,
} from "@perdure/store-postgres/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { perdureIn } from "../cli.test-support.ts";
import { endShop, openShop, type Shop } from "./shop.test-support.ts";

const missing = missingPostgres();

/** The first cut comes while the store is being made; each later one comes later. */
const FIRST_CUT_MS = 400;
const GROWTH = 1.6;

describe.skipIf(missing !== undefined)(`perdure move with PostgreSQL ${missing ?? ""}`, () => {
  let folder: string;
  let server: PostgresServer;
  let shop: Shop;
  let whole: unknown;
  const file = (name: string): string => `sqlite:${join(folder, name)}`;
  const schema = (name: string): string => server.address(`schema=${name}&partitions=5`);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "perdure-move-pg-"));
    server = await startPostgres();
    shop = await openShop(file("old.db"), 40);
    whole = await endShop(file("twin.db"), await openShop(file("twin.db"), 40));
  }, 120_000);
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function move(from: string, to: string, ...more: readonly string[]): Promise<string> {
    const { code, out, err } = await perdureIn({}, [
      "move",
      "--from",
      from,
      "--to",
      to,
      "--json",
      ...more,
    ]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    return (JSON.parse(out) as { digests: { to: string } }).digests.to;
  }

  it("goes there, on to another, and back, and ends as if it had stayed", async () => {
    const there = await move(file("old.db"), schema("one"));
    expect(await move(file("old.db"), schema("one"), "--verify-only")).toBe(there);
    expect(await move(schema("one"), `${schema("two")}&transaction=partition`)).toBe(there);
    expect(await move(schema("two"), file("new.db"), "--partitions", "9")).toBe(there);
    const { err, code } = await perdureIn({}, [
      "move",
      "--from",
      schema("one"),
      "--to",
      file("x.db"),
    ]);
    expect({ code, err }).toMatchObject({ code: 4, err: expect.stringContaining("?schema=two") });
    expect(err).not.toContain("postgres@");
    expect(existsSync(join(folder, "x.db"))).toBe(false);
    expect(await endShop(file("new.db"), shop)).toEqual(whole);
  });

  it("is brought to its end by the same command, however often its connections are cut", async () => {
    const before = await openShop(file("fourth.db"), 60);
    const proxy = await CuttingProxy.start(server.port);
    const to = `postgres://postgres@127.0.0.1:${proxy.port}/postgres?schema=four&partitions=5`;
    const words = ["move", "--from", file("fourth.db"), "--to", to];
    let failures = 0;
    // A commit that is refused, one that is lost, and one that arrives while its answer is lost.
    for (const fault of ["abort", "lost", "applied"] as const) {
      proxy.failNext(fault);
      const { code, err } = await perdureIn({}, words);
      expect({ code, err }).toMatchObject({ code: 5, err: expect.stringContaining("again") });
      expect(err).not.toContain("postgres@");
      failures++;
    }
    for (let afterMs = FIRST_CUT_MS; ; afterMs *= GROWTH) {
      const timer = setTimeout(() => proxy.cut(), afterMs);
      const { code } = await perdureIn({}, words);
      clearTimeout(timer);
      if (code === 0) break;
      failures++;
    }
    expect(failures).toBeGreaterThan(2);
    const compared = await perdureIn({}, [...words, "--verify-only", "--json"]);
    const { streams, counts } = JSON.parse(compared.out) as Figures;
    await proxy.stop();
    expect(counts.same).toBe(streams);
    const twin = await openShop(file("fourth-twin.db"), 60);
    expect(await endShop(schema("four"), before)).toEqual(
      await endShop(file("fourth-twin.db"), twin),
    );
  }, 300_000);

  it("goes on at PostgreSQL too", async () => {
    const before = await openShop(file("third.db"));
    await move(file("third.db"), schema("three"));
    await endShop(schema("three"), before);
    const compared = await perdureIn({}, [
      "move",
      "--verify-only",
      "--from",
      file("third.db"),
      "--to",
      schema("three"),
    ]);
    expect(compared.out).toMatch(/ \d+ have gone on there/);
    expect(compared.out).not.toContain("different");
  });
});

interface Figures {
  readonly streams: number;
  readonly counts: { readonly same: number };
}
