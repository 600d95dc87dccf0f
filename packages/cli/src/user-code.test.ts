import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rigWith, type Rig } from "./cli.test-support.ts";
import { greet } from "./fixtures/greeting.test-support.ts";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`./fixtures/${name}.test-support.ts`, import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "perdure-cli-"));
const exported = join(folder, "runs.jsonl");
let rig: Rig;

beforeAll(async () => {
  rig = await rigWith({ workflows: [greet] });
  await rig.perdure(["runs", "start", "greet", '"you"', "--wait"]);
  await rig.perdure(["runs", "start", "greet", '"them"', "--wait"]);
});
afterAll(async () => {
  await rig.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("export", () => {
  it("writes a run a line, whole or not at all", async () => {
    const { code, out } = await rig.perdure(["export", "-o", exported]);
    expect({ code, out }).toEqual({ code: 0, out: `2 runs with 8 events are in ${exported}.\n` });
    const lines = readFileSync(exported, "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { perdure: 1, spec: { workflow: "greet" } },
      { perdure: 1, spec: { workflow: "greet" } },
    ]);
    expect(readdirSync(folder)).toEqual(["runs.jsonl"]);
    const nowhere = await rig.perdure(["export", "-o", join(folder, "no", "such.jsonl")]);
    expect(nowhere.code).toBe(2);
    expect(nowhere.err).toContain("no/such.jsonl");
  });

  it("goes to standard output when no file is named", async () => {
    const { out } = await rig.perdure(["export", "--workflow", "greet"]);
    expect(out.trim().split("\n")).toHaveLength(2);
  });
});

describe("check", () => {
  it("agrees with the code that wrote the journals", async () => {
    const { code, out } = await rig.perdure(["check", fixture("greeting"), "--from", exported]);
    expect(out).toContain("2 agree");
    expect(code).toBe(0);
  });

  it("finds that a live run differs from changed code; exit code 1, and a page to keep", async () => {
    const html = join(folder, "check.html");
    const { code, out } = await rig.perdure(["check", fixture("greeting-changed"), "--html", html]);
    expect(code).toBe(1);
    expect(out).toContain("2 differ");
    expect(out).toContain("greeting-changed.test-support.ts");
    expect(readFileSync(html, "utf8")).toContain("<html");
  });

  it.each([
    ["broken", 1, /no database here/],
    ["leaves", 2, /exit code 7/],
    ["missing", 1, /There is no file/],
  ])("survives a file that is %s", async (name, code, text) => {
    const answer = await rig.perdure(["check", fixture(name), "--from", exported]);
    expect(answer.out + answer.err).toMatch(text);
    expect(answer.code).toBe(code);
  });
});

describe("crash-test", () => {
  it("runs the workflow of a file with every kill, and is JSON when asked", async () => {
    const words = ["crash-test", fixture("greeting"), "--input", '"you"'];
    const { out, code } = await rig.perdure([...words, "--json"]);
    const report = JSON.parse(out) as { workflow: string; findings: object[] };
    expect(report.workflow).toBe("greet");
    expect(code).toBe(report.findings.length > 0 ? 1 : 0);
    const text = await rig.perdure(words);
    expect(text.out).toContain("journal positions");
  });

  it("says which workflows there are when the name is none", async () => {
    const { err, code } = await rig.perdure([
      "crash-test",
      fixture("greeting"),
      "--workflow",
      "nope",
    ]);
    expect(code).toBe(3);
    expect(err).toContain("greet");
  });
});
