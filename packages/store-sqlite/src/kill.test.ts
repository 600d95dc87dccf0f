import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Owner, stream, texts, untext } from "@perdure/store/contract";
import { SqliteStore } from "./sqlite-store.ts";

const committer = fileURLToPath(new URL("../testing/committer.ts", import.meta.url));
const KILLS = 20;

interface Killed {
  /** The lines that came before the kill: batch, stream, events. */
  readonly acknowledged: readonly (readonly [number, number, number])[];
}

let folder = "";
let children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "perdure-kill-"));
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
  rmSync(folder, { recursive: true, force: true });
});

function start(path: string, seed: number): ChildProcess {
  const child = spawn(
    process.execPath,
    ["--conditions=perdure-source", committer, path, String(seed)],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  children.push(child);
  return child;
}

/** Runs a committer until so many commits were acknowledged, and kills it there. */
async function runAndKill(path: string, seed: number, after: number): Promise<Killed> {
  const child = start(path, seed);
  const acknowledged: (readonly [number, number, number])[] = [];
  const gone = new Promise((resolve) => child.once("exit", resolve));
  for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
    const [batch = 0, name = 0, events = 0] = line.split(" ").map(Number);
    if (line !== "ready") acknowledged.push([batch, name, events]);
    if (acknowledged.length >= after) child.kill("SIGKILL");
  }
  await gone;
  return { acknowledged };
}

describe("a SQLite store whose process is killed", () => {
  it(`has every acknowledged batch, ${KILLS} kills in a row`, { timeout: 120_000 }, async () => {
    const path = join(folder, "store.db");
    let last = 0;
    const all: (readonly [number, number, number])[] = [];
    for (let kill = 1; kill <= KILLS; kill++) {
      const { acknowledged } = await runAndKill(path, kill, 1 + ((kill * 37) % 90));
      all.push(...acknowledged);
      const store = SqliteStore.openInline(path);
      const owner = await Owner.open(store, 0);
      const highest = Math.max(...acknowledged.map(([batch]) => batch));
      expect(owner.opened.lastBatch).toBeGreaterThanOrEqual(highest);
      expect(owner.opened.lastBatch).toBeGreaterThan(last);
      last = owner.opened.lastBatch;
      const { sent, outbox } = owner.opened;
      expect(outbox.map(({ seq }) => seq)).toEqual(outbox.map((_, i) => i + 1));
      expect(outbox.map(({ data }) => untext(data))).toEqual(
        outbox.map(({ seq }) => `message ${seq}`),
      );
      expect(sent).toEqual(outbox.length === 0 ? [] : [{ to: 1, seq: outbox.length }]);
      await store.close();
    }
    const store = SqliteStore.openInline(path);
    for (const [, name, events] of all) {
      const n = name % 1_000_000;
      const expected = Array.from({ length: events }, (_, i) => `${n}/${i}`);
      expect(texts(await store.read(stream(name)))).toEqual(expected);
    }
    await store.close();
  });

  it("leaves the file to the next one, and to nobody before", async () => {
    const path = join(folder, "store.db");
    const child = start(path, 1);
    for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
      if (line === "ready") break;
    }
    const busy = { code: "store-busy", message: expect.stringContaining(`pid ${child.pid}`) };
    await expect(SqliteStore.open(path)).rejects.toMatchObject(busy);
    expect(() => SqliteStore.openInline(path)).toThrow(expect.objectContaining(busy));
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    const store = await SqliteStore.open(path);
    expect((await store.open(0)).epoch).toBeGreaterThan(1);
    await store.close();
  });
});
