/** kill -9 in the middle of a move, again and again. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { perdureIn } from "../cli.test-support.ts";
import { endShop, openShop } from "./shop.test-support.ts";

const program = fileURLToPath(new URL("../from-source.ts", import.meta.url));
const LETTERS = 300;
/** The first kill comes before the program has begun; each later one comes later. */
const FIRST_MS = 150;
const GROWTH = 1.5;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "perdure-move-kill-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("a move that is killed again and again ends with everything, and all of it goes on", async () => {
  const [from, to, twin] = ["old", "new", "twin"].map((name) => `sqlite:${join(folder, name)}.db`);
  const words = ["move", "--from", from!, "--to", to!];
  const shop = await openShop(from!, LETTERS);
  let kills = 0;
  for (let afterMs = FIRST_MS; ; afterMs *= GROWTH) {
    const code = await killedAfter(afterMs, words);
    if (code === 0) break;
    expect(code).toBeUndefined();
    kills++;
  }
  expect(kills).toBeGreaterThan(2);
  const compared = await perdureIn({}, [...words, "--verify-only", "--json"]);
  const { streams, counts } = JSON.parse(compared.out) as Figures;
  expect(counts.same).toBe(streams);
  const whole = await endShop(twin!, await openShop(twin!, LETTERS));
  expect(await endShop(to!, shop)).toEqual(whole);
}, 300_000);

interface Figures {
  readonly streams: number;
  readonly counts: { readonly same: number };
}

/** The exit code; undefined: the process was killed. */
async function killedAfter(ms: number, words: readonly string[]): Promise<number | undefined> {
  const child = spawn(process.execPath, ["--conditions=perdure-source", program, ...words], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), ms);
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  clearTimeout(timer);
  return signal === "SIGKILL" ? undefined : (code ?? undefined);
}
