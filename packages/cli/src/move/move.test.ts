import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@perdure/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { perdureIn } from "../cli.test-support.ts";
import { endShop, makeStore, openShop, type Shop } from "./shop.test-support.ts";

let folder: string;
let shop: Shop;
let whole: unknown;
const store = (name: string): string => `sqlite:${join(folder, name)}`;
const perdure = (...words: readonly string[]) => perdureIn({}, words);
const move = (from: string, to: string, ...more: readonly string[]) =>
  perdure("move", "--from", store(from), "--to", store(to), ...more);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "perdure-move-"));
  shop = await openShop(store("old.db"));
  whole = await endShop(store("twin.db"), await openShop(store("twin.db")));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("perdure move", () => {
  it("counts what there is without making a file", async () => {
    const { code, out } = await move("old.db", "none.db", "--dry-run");
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+ streams would move from .*; nothing was written\.\n$/),
    });
    expect(existsSync(join(folder, "none.db"))).toBe(false);
  });

  it("copies, and compares the copy with what it was made of", async () => {
    const { code, out } = await move("old.db", "copy.db", "--keep", "--partitions", "7", "--json");
    expect(code).toBe(0);
    const copied = JSON.parse(out) as { digests: { from: string; to: string } };
    expect(copied).toMatchObject({ moved: true, kept: true, counts: { missing: 0, different: 0 } });
    expect(copied.digests.to).toBe(copied.digests.from);
    const compared = await move("old.db", "copy.db", "--verify-only");
    expect(compared.code).toBe(0);
    expect(compared.out).toContain(`sha256 there ${copied.digests.from}`);
  });

  it("goes on after Ctrl-C, or is undone", async () => {
    await makeStore(store("half.db"));
    const words = ["move", "--from", store("copy.db"), "--to", store("half.db")];
    const interrupted = AbortSignal.abort();
    const { code, err } = await perdureIn({ interrupted }, words);
    expect({ code, err }).toMatchObject({
      code: 130,
      err: expect.stringContaining("goes on where"),
    });
    const undone = await perdureIn({}, [...words, "--abandon"]);
    expect(undone.code === 0 || undone.err.includes("nothing to undo")).toBe(true);
    expect((await perdure("runs", "list", "--store", store("copy.db"))).code).toBe(0);
  });

  it("refuses what would get in the way of something, and says what", async () => {
    const { code, err } = await move("old.db", "copy.db");
    expect(code).toBe(4);
    expect(err).toContain("has 18 of these streams already, and nothing was written");
    expect(err).toContain("schedule/default/daily");
  });

  it("moves runs that go on where they are now, and not where they were", async () => {
    const { code, out } = await move("old.db", "new.db", "--partitions", "6");
    expect(code).toBe(0);
    expect(out).toMatch(/^moved 18 streams with \d+ events \(.* KiB\) to sqlite:.*new\.db\n/);
    const list = await perdure("runs", "list", "--store", store("old.db"));
    expect(list.code).toBe(4);
    expect(list.err).toContain(`has moved to ${store("new.db")}`);
    const again = await move("old.db", "new.db");
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining("nothing was done") });
    expect(await endShop(store("new.db"), shop)).toEqual(whole);
    const compared = await move("old.db", "new.db", "--verify-only");
    expect(compared.out).toMatch(/ \d+ have gone on there\n/);
    expect(compared.out).not.toContain("different");
  });

  it("takes a server's API keys along: who had access has it at the new place", async () => {
    const settings = { port: 0, dev: true } as const;
    for (const name of ["server.db", "server-2.db"]) await makeStore(store(name));
    const old = await startServer({ ...settings, store: store("server.db") });
    const asAdmin = { PERDURE_URL: old.url, PERDURE_API_KEY: old.devToken ?? "" };
    const key = await perdureIn({ env: asAdmin }, "keys create --role operator --name ops");
    const secret = key.out.trim();
    await perdureIn({ env: asAdmin }, "runs start nobody --key k-1");
    await old.close();
    expect((await move("server.db", "server-2.db")).code).toBe(0);
    const server = await startServer({ ...settings, store: store("server-2.db") });
    const asked = await perdureIn(
      { env: { PERDURE_URL: server.url, PERDURE_API_KEY: secret } },
      "runs list --json",
    );
    await server.close();
    expect(JSON.parse(asked.out)).toMatchObject({ rows: [{ key: "k-1", status: "open" }] });
  });

  it("takes a store back whose new place is lost", async () => {
    rmSync(join(folder, "new.db"));
    const { code, out } = await move("old.db", "new.db", "--take-back", "--yes");
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("opened again") });
    expect(existsSync(join(folder, "new.db"))).toBe(false);
    expect((await perdure("runs", "list", "--store", store("old.db"))).code).toBe(0);
  });

  it("says that there is nothing to undo where there is nothing", async () => {
    const { code, err } = await move("copy.db", "twin.db", "--abandon");
    expect(code).toBe(3);
    expect(err).toContain("No move from");
  });

  it.each([
    [["--from", "x", "--to", "sqlite:./y.db"], 2, '"x" names no store'],
    [["--from", "sqlite:./not-there.db", "--to", "sqlite:./y.db"], 3, "There is no store at"],
    [["--from", "sqlite:./y.db", "--to", "sqlite:./y.db"], 2, "cannot be moved to itself"],
    [["--to", "sqlite:./y.db"], 2, "required option '--from <store>'"],
  ])("says what is wrong with %j", async (words, code, text) => {
    const answer = await perdure("move", ...words);
    expect(answer).toMatchObject({ code, err: expect.stringContaining(text) });
  });
});
