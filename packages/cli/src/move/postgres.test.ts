/** Between SQLite and PostgreSQL, and between databases. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  missingPostgres,
  startPostgres,
  type PostgresServer,
} from "@perdure/store-postgres/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { perdureIn } from "../cli.test-support.ts";
import { endShop, openShop, type Shop } from "./shop.test-support.ts";

const missing = missingPostgres();

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
  });
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
    expect(await endShop(file("new.db"), shop)).toEqual(whole);
  });

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
