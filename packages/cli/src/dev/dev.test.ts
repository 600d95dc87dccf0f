/** `perdure dev` as a person has it: the program, a file that is edited, another terminal. */
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { perdureIn } from "../cli.test-support.ts";

const main = fileURLToPath(new URL("../from-source.ts", import.meta.url));
const sdk = fileURLToPath(new URL("../../../sdk", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "perdure-dev-"));
const pids: number[] = [];
afterAll(() => {
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

type Line = Readonly<Record<string, unknown>> & { readonly type: string };

const greeting = (text: string): string => `export const greeting = ${text};\n`;
const flow = `
import { workflow } from "perdure";
import { greeting } from "./greeting.ts";
export const hello = workflow({ name: "hello" }, async (ctx, name: string) =>
  ctx.step("compose", () => {
    console.log("composing");
    return greeting + ", " + name;
  }),
);
`;

test("dev serves a file, reloads what it imports, survives its errors, and stops on Ctrl-C", async () => {
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(sdk, join(folder, "node_modules", "perdure"));
  writeFileSync(join(folder, "flow.ts"), flow);
  writeFileSync(join(folder, "greeting.ts"), greeting('"Hello"'));
  const env = { ...process.env, XDG_CONFIG_HOME: folder };
  const args = ["--conditions=perdure-source", main, "dev", "flow.ts", "--port", "0", "--json"];
  const child = spawn(process.execPath, args, { cwd: folder, env });
  pids.push(child.pid ?? 0);
  const next = follower(createInterface({ input: child.stdout }));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));

  const ready = await next("ready");
  expect(await next("serves")).toMatchObject({ names: ["hello"] });
  // Another terminal finds the token that dev has kept.
  const ask = async (): Promise<string> => {
    const words = ["runs", "start", "hello", '"you"', "--wait", "--server", String(ready["url"])];
    const { out, err } = await perdureIn({ env: { XDG_CONFIG_HOME: folder } }, words);
    return out + err;
  };
  expect(await ask()).toContain("Hello, you");
  expect(await next("output")).toMatchObject({ line: "composing" });
  expect(await next("run")).toMatchObject({ row: { workflow: "hello" } });

  writeFileSync(join(folder, "greeting.ts"), greeting('"Good night"'));
  expect(await next("changed")).toMatchObject({ file: join(folder, "greeting.ts") });
  await next("serves");
  expect(await ask()).toContain("Good night, you");

  writeFileSync(join(folder, "greeting.ts"), greeting(""));
  expect(await next("ended")).toMatchObject({ how: "exit code 1" });
  writeFileSync(join(folder, "greeting.ts"), greeting('"Again"'));
  await next("serves");
  expect(await ask()).toContain("Again, you");

  child.kill("SIGINT");
  expect(await ended).toBe(0);
  expect(readFileSync(join(folder, "perdure", "credentials.json"), "utf8")).not.toContain("pdd_");
  expect(existsSync(join(folder, ".perdure", "dev.db.pid"))).toBe(false);
}, 60_000);

/** The next line of a type; those of other types are passed over. */
function follower(lines: ReturnType<typeof createInterface>): (type: string) => Promise<Line> {
  const iterator = lines[Symbol.asyncIterator]();
  return async (type) => {
    for (;;) {
      const { value, done } = await iterator.next();
      if (done) throw new Error(`dev ended before it said "${type}"`);
      const line = JSON.parse(value) as Line;
      if (line.type === type) return line;
    }
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
