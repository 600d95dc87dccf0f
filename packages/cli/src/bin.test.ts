/** The program as a shell runs it. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { Answer } from "./cli.test-support.ts";

const bin = fileURLToPath(new URL("../bin/perdure.cjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "perdure-bin-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sh(command: string, args: readonly string[]): Promise<Answer> {
  const child = spawn(command, args, {
    env: { ...process.env, PERDURE_URL: "http://127.0.0.1:9", XDG_CONFIG_HOME: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code: code ?? -1, out, err }));
  });
}

describe("bin/perdure.cjs", { timeout: 30_000 }, () => {
  it("starts, prints, and ends with the command's exit code", async () => {
    const version = await sh(process.execPath, [bin, "version"]);
    expect(version).toMatchObject({ code: 0, err: "" });
    expect(version.out).toMatch(/^perdure \d+\.\d+\.\d+ \(node \d+/);
    const away = await sh(process.execPath, [bin, "runs", "list"]);
    expect(away).toMatchObject({ code: 5, out: "" });
    expect(away.err).toContain("There is no server");
  });

  it("is quiet when nobody reads its output to the end", async () => {
    const line = `"${process.execPath}" "${bin}" runs list --help | true; echo "\${PIPESTATUS[0]}"`;
    const { out, err } = await sh("bash", ["-c", line]);
    expect(err).toBe("");
    expect(out).toBe("0\n");
  });

  it("says on an old Node which one it wants, in words that an old Node can read", async () => {
    const old = join(folder, "old.cjs");
    const versions = 'Object.defineProperty(process, "versions", { value: { node: "12.22.1" } });';
    writeFileSync(old, versions);
    const { code, err } = await sh(process.execPath, ["--require", old, bin, "version"]);
    expect(code).toBe(5);
    expect(err).toMatch(/needs Node 22.18 or newer, and this is 12.22.1/);
  });
});
