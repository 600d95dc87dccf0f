import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shape, task, workflow } from "perdure";
import { afterAll, beforeAll, expect, it } from "vitest";
import { rigWith, type Rig } from "./cli.test-support.ts";

const stamp = task({ name: "stamp" }, (input: string) => `${input}!`);
const definitions = {
  workflows: [
    workflow({ name: "bytes" }, async (ctx) =>
      ctx.step("make", () => new Uint8Array([0, 255, 128])),
    ),
    workflow({ name: "ask" }, async (ctx) => ctx.waitFor("answer", { schema: shape<string>() })),
    workflow({ name: "nap" }, async (ctx) => {
      await ctx.sleep(300);
      return ctx.run(stamp, "awake");
    }),
  ],
  tasks: [stamp],
};
const folder = mkdtempSync(join(tmpdir(), "perdure-import-"));
const file = join(folder, "runs.jsonl");
let here: Rig;
let there: Rig;

beforeAll(async () => {
  here = await rigWith(definitions);
  there = await rigWith(definitions);
  await here.perdure(["runs", "start", "bytes", "--wait"]);
  await here.perdure(["runs", "start", "ask", "--key", "k-1"]);
  await here.perdure(["runs", "start", "nap", "--key", "k-2"]);
  await here.perdure(["export", "-o", file]);
});
afterAll(async () => {
  await here.stop();
  await there.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("refuses a file with a bad line before it writes anything, and names the line", async () => {
  const torn = join(folder, "torn.jsonl");
  writeFileSync(torn, readFileSync(file));
  appendFileSync(torn, '\n{"perdure":1,"spec":{},"events":[]}\n');
  const { code, err } = await there.perdure(["import", torn]);
  expect(code).toBe(2);
  expect(err).toMatch(/Line 5: .*spec lacks the field/);
  expect(await there.engine.count({ namespace: "default" })).toBe(0);
});

it("checks without writing", async () => {
  const { code, out } = await there.perdure(["import", file, "--dry-run"]);
  expect(code).toBe(0);
  expect(out).toMatch(/^3 runs with \d+ events can be read; nothing was written/);
  expect(await there.engine.count({ namespace: "default" })).toBe(0);
});

it("takes runs over, and open ones go on", async () => {
  const { code, out } = await there.perdure(["import", file]);
  expect({ code, out }).toEqual({ code: 0, out: "3 imported, 0 were here already, 0 refused.\n" });
  await there.perdure(["runs", "signal", "--key", "k-1", "answer", '"yes"']);
  for (const [key, output] of [
    ["k-1", '"yes"'],
    ["k-2", '"awake!"'],
  ] as const) {
    const runId = await there.engine.lookup({ namespace: "default", kind: "workflow", id: key });
    const outcome = await there.engine.outcome(runId!);
    expect(outcome).toMatchObject({ status: "completed" });
    const bytes = outcome.status === "completed" ? outcome.output.data : undefined;
    expect(new TextDecoder().decode(bytes)).toBe(output);
  }
  expect(await there.json(["import", file])).toEqual({ imported: 0, existing: 3, failed: [] });
});

it("says which run was refused and why; exit code 1", async () => {
  const third = await rigWith(definitions);
  await third.perdure(["runs", "start", "ask", "--key", "k-1"]);
  const { code, out } = await third.perdure(["import", file, "--json"]);
  await third.stop();
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ imported: 2, failed: [{ error: { code: "conflict" } }] });
});
