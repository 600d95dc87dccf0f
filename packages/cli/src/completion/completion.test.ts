import { workflow } from "perdure";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { perdureIn, rigWith, type Rig } from "../cli.test-support.ts";

const wait = workflow({ name: "wait" }, async (ctx) => ctx.waitFor("x"));
let rig: Rig;
beforeAll(async () => {
  rig = await rigWith({ workflows: [wait] });
});
afterAll(() => rig.stop());

async function after(...words: string[]): Promise<string[]> {
  const { out } = await rig.perdure(["complete", "--", ...words]);
  return out.trim().split("\n");
}

describe("completion", () => {
  it.each([
    [["ru"], ["runs"]],
    [["runs", "sh"], ["show"]],
    [["schedules", "b"], ["backfill"]],
    [["runs", "list", "--wo"], ["--workflow"]],
    [["--store", "x", "runs", "co"], ["count"]],
    [["runs", "start", "w", "--conflict", "f"], ["fail"]],
    [["completion", ""], [""]],
  ])("of %j is %j", async (words, found) => {
    expect(await after(...words)).toEqual(found);
  });

  it("knows the ids of runs", async () => {
    const { runId } = await rig.json<{ runId: string }>("runs start wait");
    expect(await after("why", runId.slice(0, 4))).toContain(runId);
    expect(await after("runs", "signal", "")).toContain(runId);
    expect(await after("runs", "signal", runId, "")).toEqual([""]);
  });

  it("is silent when there is no server", async () => {
    const answer = await perdureIn({ env: { PERDURE_URL: "http://127.0.0.1:9" } }, [
      "complete",
      "--",
      "why",
      "",
    ]);
    expect(answer).toMatchObject({ code: 0, out: "", err: "" });
  });

  it.each(["bash", "zsh", "fish"])(
    "has a script for %s that asks `perdure complete`",
    async (shell) => {
      const { out, code } = await rig.perdure(["completion", shell]);
      expect(code).toBe(0);
      expect(out).toContain("perdure complete --");
    },
  );

  it("of another shell is refused with those there are", async () => {
    const { err, code } = await rig.perdure("completion csh");
    expect(code).toBe(2);
    expect(err).toContain("bash, zsh, fish");
  });
});
