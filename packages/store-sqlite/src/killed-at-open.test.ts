/** kill -9 of a process that opens a file and closes it, over and over. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { Owner, stream, texts } from "@perdure/store/contract";
import { SqliteStore } from "./sqlite-store.ts";

const KILLS = 12;
/** Openings take some milliseconds, so these fall anywhere in one. */
const STEP_MS = 3.7;

const program = (path: string): string => `
  const { SqliteStore } = await import(${JSON.stringify(new URL("index.ts", import.meta.url).href)});
  for (let openings = 0; ; openings++) {
    await SqliteStore.openInline(${JSON.stringify(path)}).close();
    if (openings === 0) process.stdout.write("open");
  }`;

it("a process that is killed while it opens a file leaves one that opens", async () => {
  const folder = mkdtempSync(join(tmpdir(), "perdure-sqlite-kill-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "store.db");
  const first = SqliteStore.openInline(path);
  await (await Owner.open(first)).append(stream(1), 1, "a");
  await first.close();
  const args = ["--conditions=perdure-source", "--input-type=module", "--eval", program(path)];
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(child, "exit");
    await Promise.race([once(child.stdout, "data"), ended]);
    await sleep(kill * STEP_MS);
    child.kill("SIGKILL");
    expect(await ended).toEqual([null, "SIGKILL"]);
    const store = SqliteStore.openInline(path);
    expect(texts(await store.read(stream(1)))).toEqual(["a"]);
    await store.close();
  }
}, 60_000);
