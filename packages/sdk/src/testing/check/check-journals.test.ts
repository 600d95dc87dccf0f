import { describe, expect, test } from "vitest";
import { toJson } from "@perdure/wire";
import { workflow, type AnyWorkflow, type Context, type Durability } from "../../index.ts";
import {
  checkJournals,
  exportedJournals,
  liveJournals,
  renderCheck,
  type CheckReport,
  type Journal,
} from "../index.ts";
import { testingLimits } from "../limits.ts";
import { SingleRun } from "../single-run.test-support.ts";

type Body = (ctx: Context) => Promise<unknown>;

const define = (body: Body, durability: Durability = "sync"): AnyWorkflow =>
  workflow({ name: "order", durability }, body);

const original: Body = async (ctx) => {
  await ctx.step("validate", () => 1);
  await ctx.step("charge", () => 2);
  await ctx.sleep("1h");
  await ctx.step("mail", () => 3);
  return "done";
};

/** A run's journal: asleep in the middle, or to its end. */
async function journalOf(definition: AnyWorkflow, through: "asleep" | "done"): Promise<Journal> {
  const run = await new SingleRun(definition).start();
  if (through === "done") await run.pass(3_600_000);
  run.kill();
  return { spec: run.state.spec!, events: run.journal };
}

async function check(body: Body, through: "asleep" | "done" = "asleep"): Promise<CheckReport> {
  const journals = [await journalOf(define(original), through)];
  return checkJournals({ definitions: { workflows: [define(body)] }, journals });
}

describe("a check of the same code", () => {
  test.each(["asleep", "done"] as const)("agrees, the run being %s", async (through) => {
    const report = await check(original, through);
    expect(report).toMatchObject({ isClean: true, agrees: 1, groups: [], remarks: [] });
    expect(renderCheck(report)).toContain("✓ 1 run checked");
  });

  test("agrees at whatever event the journal ends, and runs nothing", async () => {
    const { spec, events } = await journalOf(define(original), "done");
    const journals = events.map((_, index) => ({ spec, events: events.slice(0, index + 1) }));
    const untouched: Body = async (ctx) => {
      const fail = () => {
        throw new Error("a check must not act");
      };
      for (const name of ["validate", "charge"]) await ctx.step(name, fail);
      await ctx.sleep("1h");
      await ctx.step("mail", fail);
      return "done";
    };
    const definitions = { workflows: [define(untouched)] };
    expect(await checkJournals({ definitions, journals })).toMatchObject({
      isClean: true,
      agrees: events.length,
    });
  });

  test.each(["async", "exit"] as const)("agrees with runs ahead of the disk (%s)", async (mode) => {
    const journals = [await journalOf(define(original, mode), "done")];
    const definitions = { workflows: [define(original, mode)] };
    const report = await checkJournals({ definitions, journals });
    expect(report).toMatchObject({ isClean: true, remarks: [] });
  });

  test("agrees with a run that was paused for a difference that is cured", async () => {
    const run = await new SingleRun(define(original)).start();
    const failure = { code: "nondeterminism", message: "other code" };
    await run.tell({ type: "run.answer", answer: { commands: [], failure } });
    expect(run.state.paused).toBeDefined();
    const journals = [{ spec: run.state.spec!, events: run.journal }];
    const definitions = { workflows: [define(original)] };
    expect((await checkJournals({ definitions, journals })).isClean).toBe(true);
  });
});

describe("a difference", () => {
  test("names both sides, the source line, the events there and the renaming", async () => {
    const report = await check(async (ctx) => {
      await ctx.step("validate", () => 1);
      await ctx.step("charge-card", () => 2);
      await ctx.sleep("1h");
    });
    const [group] = report.groups;
    expect(group?.difference).toMatchObject({
      type: "other",
      ordinal: 2,
      recorded: 'step "charge" (event 3)',
      asked: 'step "charge-card"',
      at: expect.stringMatching(/check-journals\.test\.ts:\d+:\d+/),
      after: expect.stringMatching(/check-journals\.test\.ts:\d+:\d+/),
    });
    expect(group?.difference.around.filter(({ isHere }) => isHere)).toMatchObject([
      { seq: 3, kind: "step.completed", text: "charge = 2" },
    ]);
    expect(group?.fix.change).toBe("renamed");
    expect(group?.fix.snippet).toBe(
      'const name = ctx.patched("rename-charge") ? "charge-card" : "charge";',
    );
    const text = renderCheck(report);
    expect(text).toContain("✗ 1 run checked");
    expect(text).toContain(">     3  step.completed     charge = 2");
  });

  test("that a step was added is told with its guard, and the guard cures it", async () => {
    const added = await check(async (ctx) => {
      await ctx.step("validate", () => 1);
      await ctx.step("fraud-check", () => 9);
      await ctx.step("charge", () => 2);
      await ctx.sleep("1h");
    });
    expect(added.groups[0]?.fix).toMatchObject({
      change: "added",
      snippet: 'if (ctx.patched("add-fraud-check")) {\n  await ctx.step("fraud-check", …);\n}',
    });
    const guarded = await check(async (ctx) => {
      await ctx.step("validate", () => 1);
      if (ctx.patched("add-fraud-check")) {
        await ctx.step("fraud-check", () => 9);
      }
      await ctx.step("charge", () => 2);
      await ctx.sleep("1h");
    });
    expect(guarded.isClean).toBe(true);
  });

  test("that a step is gone is told with its guard", async () => {
    const report = await check(async (ctx) => {
      await ctx.step("charge", () => 2);
      await ctx.sleep("1h");
    });
    expect(report.groups[0]?.fix).toMatchObject({
      change: "removed",
      snippet: expect.stringContaining('if (!ctx.patched("remove-validate"))'),
    });
  });

  test("that the order is another is told", async () => {
    const report = await check(async (ctx) => {
      await ctx.step("charge", () => 2);
      await ctx.step("validate", () => 1);
      await ctx.sleep("1h");
    });
    expect(report.groups[0]?.fix.change).toBe("moved");
  });

  test("that one thing stands for another is told", async () => {
    const report = await check(async (ctx) => {
      await ctx.step("validate", () => 1);
      await ctx.step("charge", () => 2);
      await ctx.waitFor("go-on");
    });
    expect(report.groups[0]?.fix).toMatchObject({
      change: "replaced",
      snippet: expect.stringContaining('await ctx.waitFor("go-on", …);'),
    });
  });

  test("in code that ends too early says after which call", async () => {
    const report = await check(async (ctx) => {
      await ctx.step("validate", () => 1);
    });
    expect(report.groups[0]?.difference).toMatchObject({
      type: "unasked",
      title: "the code ended before operation 2",
      after: expect.stringMatching(/check-journals\.test\.ts:\d+/),
    });
  });

  test("in code that waits for the world is told to do that in a step", async () => {
    const report = await check(async (ctx) => {
      await ctx.step("validate", () => 1);
      await new Promise<never>(() => undefined);
    });
    expect(report.groups[0]?.difference.title).toContain("came to rest");
    expect(report.groups[0]?.fix.text).toContain("do that in a step");
  });

  test("in a version that the code no longer knows is told", async () => {
    const at = (max: number) => define(async (ctx) => void ctx.version("format", max, max));
    const journals = [await journalOf(at(1), "done")];
    const report = await checkJournals({ definitions: { workflows: [at(2)] }, journals });
    expect(report.groups[0]?.difference).toMatchObject({
      type: "refused",
      asked: 'this run takes version 1 of "format", and the code knows 2 to 2',
    });
  });

  test("of a completed run that would fail now is told with the line that throws", async () => {
    const report = await check(async (ctx) => {
      await original(ctx);
      throw new TypeError("no such field");
    }, "done");
    expect(report.groups[0]?.difference).toMatchObject({
      type: "end",
      asked: "to fail with TypeError: no such field",
      at: expect.stringMatching(/check-journals\.test\.ts:\d+/),
    });
  });

  test("that many runs have in common is told once", async () => {
    const journals = await Promise.all(
      Array.from({ length: 25 }, () => journalOf(define(original), "asleep")),
    );
    const changed = define(async (ctx) => ctx.step("other", () => 1));
    const report = await checkJournals({ definitions: { workflows: [changed] }, journals });
    expect(report).toMatchObject({ runs: 25, differs: 25, groups: [{ runs: 25 }] });
    expect(report.groups[0]?.runIds.length).toBe(testingLimits.groupRuns);
    expect(renderCheck(report)).toContain("25 runs, such as");
  });
});

describe("what is no difference", () => {
  test("is remarked on: a closed run whose code now goes on", async () => {
    const report = await check(async (ctx) => {
      await original(ctx);
      await ctx.step("survey", () => 4);
    }, "done");
    expect(report.isClean).toBe(true);
    expect(report.remarks[0]?.remark).toContain('now goes on with step "survey", at ');
  });

  test("is remarked on: another value at the end", async () => {
    const report = await check(async (ctx) => {
      await original(ctx);
      return "well done";
    }, "done");
    expect(report).toMatchObject({ isClean: true, remarks: [{ runs: 1 }] });
  });

  test("includes signals, updates, children and a continuation", async () => {
    const child = workflow({ name: "child" }, async () => "c");
    const busy = define(async (ctx) => {
      ctx.onUpdate("rename", async () => ctx.step("in-update", () => "u"));
      ctx.onQuery("state", () => "s");
      const answer = await ctx.waitFor("go");
      void ctx.call(child);
      await ctx.continueAsNew(answer);
    });
    const run = await new SingleRun(busy).start();
    const { data } = { data: new TextEncoder().encode("1") };
    await run.worker?.update(run.id, 1, {
      id: "u-1",
      name: "rename",
      payload: { encoding: "json", data },
    });
    await run.rest();
    await run.signal("go", 1);
    expect(run.outcome?.status).toBe("continued");
    const journals = [{ spec: run.state.spec!, events: run.journal }];
    const report = await checkJournals({ definitions: { workflows: [busy] }, journals });
    expect(report).toMatchObject({ isClean: true, remarks: [] });
  });
});

describe("a check stays on its feet", () => {
  test("when it has no code for a workflow", async () => {
    const journals = [await journalOf(define(original), "asleep")];
    const report = await checkJournals({ definitions: {}, journals });
    expect(report).toMatchObject({ isClean: false, noCode: 1, withoutCode: [{ runs: 1 }] });
    expect(renderCheck(report)).toContain('no code for workflow "order"');
  });

  test("when the code cannot be loaded", async () => {
    const definitions = () => {
      throw new Error("missing PAYMENT_URL");
    };
    const report = await checkJournals({ definitions, journals: [] });
    expect(report).toMatchObject({
      isClean: false,
      loading: {
        message: "missing PAYMENT_URL",
        at: expect.stringMatching(/check-journals\.test\.ts:\d+/),
      },
    });
    expect(renderCheck(report)).toContain("missing PAYMENT_URL");
  });

  test("when code asks without end: at the limit it goes on, one past it is stopped", async () => {
    const asking = (extra: number) => async (ctx: Context) => {
      for (let i = 0; i < extra; i++) ctx.attributes({ i });
      await ctx.sleep("1h");
    };
    const short = define(async (ctx) => void (await ctx.step("only", () => 1)));
    const { spec, events } = await journalOf(short, "done");
    const journals = [{ spec, events: events.slice(0, 1) }];
    const run = (extra: number) =>
      checkJournals({ definitions: { workflows: [define(asking(extra))] }, journals });
    expect((await run(testingLimits.asksPastJournal - 1)).isClean).toBe(true);
    expect((await run(testingLimits.asksPastJournal)).groups[0]?.difference).toMatchObject({
      type: "refused",
      asked: expect.stringContaining("asks without end"),
    });
  });

  test("over lines of an export that are no journals", async () => {
    const journal = await journalOf(define(original), "asleep");
    const line = JSON.stringify({ perdure: 1, ...toJson(journal) });
    const lines = [
      line,
      "",
      "{",
      "[]",
      "7",
      JSON.stringify({ perdure: 2, spec: {}, events: [] }),
      JSON.stringify({ perdure: 1, spec: {}, events: [] }),
      JSON.stringify({ perdure: 1, spec: {}, events: [null] }),
      JSON.stringify({ perdure: 1, ...toJson(journal), events: [{ seq: 1, kind: "no.such" }] }),
      JSON.stringify({ perdure: 1, ...toJson({ ...journal, events: journal.events.slice(1) }) }),
    ];
    const report = await checkJournals({
      definitions: { workflows: [define(original)] },
      journals: exportedJournals(lines),
    });
    expect(report).toMatchObject({ runs: 9, agrees: 1, unreadable: 8 });
    expect(report.unreadables.map(({ where }) => where)).toEqual(
      [3, 4, 5, 6, 7, 8, 9, 10].map((number) => `line ${number}`),
    );
  });

  test("and shows as many unreadable journals as the limit says, counting all", async () => {
    const { unreadableShown } = testingLimits;
    const checked = (count: number) =>
      checkJournals({
        definitions: {},
        journals: Array.from({ length: count }, (_, n) => ({ where: `line ${n}`, problem: "no" })),
      });
    expect((await checked(unreadableShown)).unreadables.length).toBe(unreadableShown);
    const more = await checked(unreadableShown + 1);
    expect(more).toMatchObject({ unreadable: unreadableShown + 1 });
    expect(more.unreadables.length).toBe(unreadableShown);
    expect(renderCheck(more)).toContain("and 1 more");
  });

  test("over runs that are gone while it reads them live, and journals of many pages", async () => {
    const journal = await journalOf(define(original), "asleep");
    const rows = [journal.spec.runId, "gone"].map((runId) => ({ runId }));
    const events = [...journal.events];
    const at = events.at(-1)?.at ?? 0;
    while (events.length < testingLimits.livePageEvents + 1) {
      events.push({ seq: events.length + 1, at, kind: "signal.received", name: "noise" });
    }
    const engine = {
      list: async ({ cursor }: { cursor?: string }) =>
        cursor === undefined ? { rows: [rows[0]], cursor: "next" } : { rows: [rows[1]] },
      describe: async (runId: string) => {
        if (runId === "gone") throw new Error("there is no such run");
        return { spec: journal.spec };
      },
      journal: async (_: string, from = 1, limit = Infinity) =>
        events.slice(from - 1, from - 1 + limit),
    };
    const report = await checkJournals({
      definitions: { workflows: [define(original)] },
      journals: liveJournals(engine as never, { namespace: "test" }),
    });
    expect(report).toMatchObject({ agrees: 1, unreadable: 1, events: events.length });
    expect(report.unreadables).toEqual([{ where: "run gone", problem: "there is no such run" }]);
  });
});
