import type { RunEvent, RunId, RunRow } from "@perdure/kernel";
import { invocationId } from "@perdure/protocol-restate/protocol";
import { shape, task, workflow } from "perdure";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rigWith, until, type Rig } from "./cli.test-support.ts";

const greet = workflow({ name: "greet" }, async (ctx, name: string) =>
  ctx.step("compose", () => `Hello, ${name}!`),
);
const approve = workflow(
  { name: "approve", updates: { add: { input: shape<number>(), output: shape<number>() } } },
  async (ctx) => {
    let count = 0;
    ctx.onQuery("count", () => count);
    ctx.onUpdate("add", (by) => (count += by));
    return ctx.waitFor("approval");
  },
);
const flaky = workflow(
  { name: "flaky", retry: { initialMs: 1, maxAttempts: 3 } },
  async (ctx, fails: number) => {
    let calls = 0;
    return ctx.step("charge", () => {
      calls += 1;
      if (calls <= fails) throw new Error(`card declined ${calls}`);
      return { calls };
    });
  },
);
const stamp = task({ name: "stamp" }, (input: string) => `${input}!`);
const mailing = workflow({ name: "mailing" }, async (ctx) => ctx.run(stamp, "posted"));
const promising = workflow({ name: "promising" }, async (ctx) => ctx.promise("answer").result);

let rig: Rig;
beforeAll(async () => {
  rig = await rigWith({ workflows: [greet, approve, flaky, mailing, promising], tasks: [stamp] });
});
afterAll(() => rig.stop());

async function started(...line: string[]): Promise<RunId> {
  const { runId } = await rig.json<{ runId: RunId }>(["runs", "start", ...line]);
  return runId;
}

describe("start", () => {
  it("waits for the end, prints it, and its exit code says how it went", async () => {
    const good = await rig.perdure(["runs", "start", "greet", '"you"', "--wait"]);
    expect(good).toMatchObject({ code: 0, err: "" });
    expect(good.out).toMatch(/completed\nresult {3}"Hello, you!"\n/);
    const bad = await rig.perdure(["runs", "start", "flaky", "3", "--wait"]);
    expect(bad.code).toBe(1);
    expect(bad.out).toContain("card declined 3");
  });

  it("under a key finds the run that is open", async () => {
    const runId = await started("approve", "--key", "start-1");
    expect(await rig.json(["runs", "start", "approve", "--key", "start-1"])).toEqual({
      runId,
      existing: true,
    });
  });

  it("takes JSON from standard input", async () => {
    const readStdin = () => Promise.resolve('"pipe"');
    const { out } = await rig.perdure("runs start greet - --wait", { readStdin });
    expect(out).toContain("Hello, pipe!");
  });
});

describe("list", () => {
  it("is a table that fits the terminal, newest first", async () => {
    await started("approve", "--key", `a-key-that-is-${"long ".repeat(30)}`);
    const { out } = await rig.perdure("runs list", { width: 80 });
    const [head = "", first = ""] = out.split("\n");
    expect(head).toMatch(/^RUN +STATUS +WORKFLOW +KEY +STARTED +TOOK +EVENTS$/);
    expect(first).toContain("approve");
    expect(first).toContain("…");
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(80 + 36);
  });

  it("shows on a terminal as much of each id as tells them apart, and that much is an id", async () => {
    await started("approve");
    const { out } = await rig.perdure("runs list --status open", { outIsTerminal: true });
    const id = out.split("\n")[1]?.match(/^[0-9a-f-]+/)?.[0] ?? "";
    expect(id.length).toBeLessThan(36);
    expect((await rig.perdure(["why", id])).code).toBe(0);
  });

  it("pages: --limit gives a cursor, --all goes through to the end", async () => {
    await Promise.all(["1", "2", "3"].map((n) => started("greet", n, "--attributes", '{"b":1}')));
    const filter = ["runs", "list", "--attributes", '{"b":1}'];
    const seen = new Set<string>();
    let cursor: string | undefined;
    do {
      const more: string[] = cursor === undefined ? [] : ["--cursor", cursor];
      const page = await rig.json<{ rows: RunRow[]; cursor?: string }>([
        ...filter,
        "--limit",
        "2",
        ...more,
      ]);
      expect(page.rows.length).toBeLessThanOrEqual(2);
      for (const { runId } of page.rows) seen.add(runId);
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen.size).toBe(3);
    const { out } = await rig.perdure([...filter, "--all", "--json"]);
    const lines = out.trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as RunRow).runId).toSorted()).toEqual(
      [...seen].toSorted(),
    );
    expect((await rig.perdure(["runs", "count", "--attributes", '{"b":1}'])).out).toBe("3\n");
  });

  it("refuses a status that there is none of, and says which there are", async () => {
    const { code, err } = await rig.perdure("runs list --status opne");
    expect(code).toBe(2);
    expect(err).toContain("open, paused, completed");
  });
});

describe("show", () => {
  it("draws a retried step with its attempts and failures in 80 columns", async () => {
    const { runId } = await rig.json<{ runId: string }>("runs start flaky 2 --wait");
    const { out } = await rig.perdure(["runs", "show", runId]);
    expect(out).toContain("charge ×3");
    expect(out).toContain("✗ attempt 1: Error: card declined 1; again after 1 ms");
    expect(out).toContain('result   {"calls":3}');
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("ends with why an open run does not go on, and the command that cures it", async () => {
    const runId = await started("approve");
    await expect
      .poll(async () => (await rig.perdure(["runs", "show", runId.slice(0, 23)])).out)
      .toContain(`$ perdure runs signal ${runId} approval`);
  });

  it("prints the journal, each event with its seq", async () => {
    const { runId } = await rig.json<{ runId: string }>('runs start greet "you" --wait');
    const { out } = await rig.perdure(["runs", "show", runId, "--journal"]);
    expect(out).toMatch(/ {4}2 .*step\.completed +compose {2}attempt 1 {2}"Hello, you!"/);
    const { events } = await rig.json<{ events: RunEvent[] }>(["runs", "show", runId]);
    expect(events.map(({ kind }) => kind)).toContain("step.completed");
  });
});

describe("the verbs", () => {
  it("signal by key; the last run under the key is then still found", async () => {
    const runId = await started("approve", "--key", "v-1");
    const words = ["runs", "signal", "--key", "v-1", "approval", '{"ok":true}', "--id", "s-1"];
    expect((await rig.perdure(words)).code).toBe(0);
    await rig.engine.outcome(runId);
    const watched = await rig.perdure("runs watch --key v-1");
    expect(watched).toMatchObject({ code: 0 });
    expect(watched.out).toContain("signal.received");
    expect(watched.out).toContain('result   {"ok":true}');
  });

  it("query and update", async () => {
    const runId = await started("approve");
    expect((await rig.perdure(["runs", "update", runId, "add", "7"])).out).toBe("7\n");
    expect((await rig.perdure(["runs", "query", runId, "count"])).out).toBe("7\n");
    const unknown = await rig.perdure(["runs", "query", runId, "nope"]);
    expect(unknown.code).toBe(4);
  });

  it("resolve and reject a promise by the id that why prints", async () => {
    const kept = await started("promising");
    const promise = await until(async () => {
      const { out } = await rig.perdure(["why", kept]);
      return /runs resolve (\S+)/.exec(out)?.[1];
    });
    expect((await rig.perdure(["runs", "resolve", promise, "42"])).code).toBe(0);
    expect(await rig.engine.outcome(kept)).toMatchObject({ status: "completed" });
    const broken = await started("promising");
    await rig.perdure(["runs", "reject", `${broken}/answer`, "given up"]);
    expect(await rig.engine.outcome(broken)).toMatchObject({ status: "failed" });
  });

  it("pause, resume, cancel and terminate", async () => {
    const runId = await started("approve");
    await rig.perdure(["runs", "pause", runId, "--message", "let me look"]);
    expect((await rig.perdure(["why", runId])).out).toContain("let me look");
    await rig.perdure(["runs", "resume", runId]);
    await rig.perdure(["runs", "cancel", runId, "--reason", "no more"]);
    expect(await rig.engine.outcome(runId)).toMatchObject({ status: "cancelled" });
    const again = await rig.perdure(["runs", "signal", runId, "approval"]);
    expect(again.code).toBe(4);
    const other = await started("approve");
    const asked: string[] = [];
    const no = (question: string) => Promise.resolve((asked.push(question), "n"));
    const person = { outIsTerminal: true, inIsTerminal: true, ask: no };
    await rig.perdure(["runs", "terminate", other], person);
    expect(asked[0]).toContain("Nothing it has done is undone");
    expect(await rig.json(["runs", "show", other])).toMatchObject({ row: { status: "open" } });
    await rig.perdure(["runs", "terminate", other, "--yes"], person);
    expect(await rig.engine.outcome(other)).toMatchObject({ status: "terminated" });
  });

  it("fork puts another result in place of a recorded one", async () => {
    const { runId } = await rig.json<{ runId: string }>('runs start greet "you" --wait');
    const words = ["fork", runId, "--at", "2", "--set", 'compose="Good night"'];
    const forked = await rig.json<{ runId: RunId }>(words);
    const outcome = await rig.engine.outcome(forked.runId);
    expect(
      new TextDecoder().decode(outcome.status === "completed" ? outcome.output.data : undefined),
    ).toBe('"Good night"');
  });
});

describe("workers", () => {
  it("are listed with what they serve and have", async () => {
    const { out } = await rig.perdure("workers list");
    expect(out).toMatch(/w-1 +open +default/);
  });

  it("find a run by the id that Restate's clients have for it", async () => {
    const runId = await started("greet", '"Ada"');
    const shown = await rig.perdure(["runs", "show", invocationId(runId)]);
    expect(shown.out).toContain(runId);
  });

  it("leave runs by version, which repin changes", async () => {
    const runId = await started("approve");
    await rig.perdure(["runs", "repin", runId, "v2"]);
    const versions = await rig.perdure("workers versions");
    expect(versions.out).toMatch(/approve +v2 +1/);
    expect((await rig.perdure("runs list --pinned v2")).out).toContain(runId);
    await rig.perdure(["runs", "repin", runId]);
    expect((await rig.perdure("workers versions")).out).not.toContain("v2");
  });
});

describe("what is wrong", () => {
  it.each([
    [["runs", "lst"], 2, /Did you mean list\?/],
    [["runs", "list", "--stats", "x"], 2, /Did you mean --status\?/],
    [["runs", "signal", "--key", "k", "approval", "{bad}"], 2, /not JSON: .* at column 2/],
    [["runs", "signal", "--key", "k", "approval", "yes"], 2, /needs its quotes: '"yes"'/],
    [["runs", "signal", "--key", "k"], 2, /The signal's name is missing/],
    [["runs", "signal", "--key", "k", "a", "1", "2"], 2, /too many/],
    [["runs", "show"], 2, /Which run\?/],
    [["runs", "show", "zzz"], 2, /no run id/],
    [["runs", "show", "inv_1abc"], 2, /inv_1abc/],
    [["runs", "show", "0193e1a2"], 3, /no run whose id begins with/],
    [["runs", "show", "--key", "nobody"], 3, /no run under the key "nobody"/],
    [["runs", "signal", "--key", "nobody", "x"], 3, /No run is open/],
    [["why", "--schedule", "nope"], 3, /nope/],
    [["runs", "start", "greet", "@missing.json"], 2, /missing\.json cannot be read: ENOENT/],
  ])("%j says so in two lines at most", async (words, code, text) => {
    const answer = await rig.perdure(words);
    expect(answer.err).toMatch(text);
    expect(answer).toMatchObject({ code, out: "" });
    expect(answer.err.trim().split("\n").length).toBeLessThanOrEqual(2);
  });

  it("is JSON on standard error for programs", async () => {
    const { err, code } = await rig.perdure("runs show --key nobody --json");
    expect(code).toBe(3);
    expect(JSON.parse(err)).toMatchObject({ error: { code: "not-found" } });
  });
});
