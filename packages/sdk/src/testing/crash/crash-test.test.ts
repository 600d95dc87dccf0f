import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { handler, object, PermanentError, task, workflow } from "../../index.ts";
import {
  crashTest,
  expectCrashSafe,
  renderCrashTest,
  renderCrashTestHtml,
  type CrashReport,
  type FindingKind,
} from "../index.ts";
import { testingLimits } from "../limits.ts";

const source = readFileSync(new URL(import.meta.url), "utf8").split("\n");

/** The place of the call that ends in this comment. */
function at(mark: string): unknown {
  const line = source.findIndex((text) => text.endsWith(`// planted: ${mark}`)) + 1;
  expect(line).toBeGreaterThan(0);
  return expect.stringMatching(new RegExp(`crash-test\\.test\\.ts:${line}:\\d+`));
}

function kinds({ findings }: CrashReport): FindingKind[] {
  return findings.map(({ kind }) => kind);
}

/** A service that remembers the keys it has seen. */
class Bank {
  readonly paid: string[] = [];

  pay(name: string, key: string): string {
    if (!this.paid.includes(`${name}/${key}`)) this.paid.push(`${name}/${key}`);
    return `${name}-paid`;
  }

  payAnyway(name: string): number {
    return this.paid.push(name);
  }

  takeBack(name: string): void {
    const index = this.paid.findIndex((entry) => entry.startsWith(`${name}/`));
    if (index >= 0) this.paid.splice(index, 1);
  }
}

describe("a workflow that does everything right", { timeout: 60_000 }, () => {
  const careful = (bank: Bank) =>
    workflow({ name: "careful", retry: { initialMs: 10 } }, async (ctx, name: string) => {
      await ctx.step("reserve", ({ idempotencyKey }) => bank.pay("reserve", idempotencyKey), {
        undo: () => bank.takeBack("reserve"),
      });
      const answer = await ctx.waitFor<string>("approval", { timeout: "3d" }).catch(() => "no");
      if (answer === "no") return "expired";
      await ctx.sleep("1h");
      await ctx.step("pay", async ({ idempotencyKey }) => bank.pay(name, idempotencyKey));
      return "paid";
    });

  test("is killed everywhere, and there are no findings", async () => {
    const titles: string[] = [];
    const report = await crashTest(careful, {
      input: "ada",
      services: () => new Bank(),
      observe: ({ paid }) => paid.map((entry) => entry.split("/")[0]),
      answers: { approval: "yes" },
      readOnly: [],
      onProgress: ({ scenario }) => titles.push(scenario),
    });
    const undoRepeats = report.findings.filter(({ title }) => title.includes("undo:reserve"));
    expect(undoRepeats).toHaveLength(1);
    expect(report.findings).toEqual(undoRepeats);
    expect(report.ending).toBe('completed with "paid"');
    const { figures } = report;
    expect(figures.positions).toBeGreaterThanOrEqual(8);
    expect(figures).toMatchObject({ gaps: 3, failures: 2, missed: 0, leftOut: 0 });
    expect(figures.kills).toBeGreaterThanOrEqual(6);
    expect(figures.repeatedSteps).toBeGreaterThanOrEqual(2);
    expect(figures.undosTaken).toBeGreaterThanOrEqual(2);
    expect(titles).toHaveLength(figures.scenarios - 1);
    expect(titles).toContain("nobody answered");
  });

  test("comes to the same findings and figures when it is tested again", async () => {
    const run = async () => {
      const { figures, ...rest } = await crashTest(careful, {
        input: "ada",
        services: () => new Bank(),
        answers: { approval: "yes" },
      });
      return { ...rest, figures: { ...figures, seconds: 0 } };
    };
    expect(await run()).toEqual(await run());
  });
});

describe("a planted mistake is found, with file and line:", { timeout: 60_000 }, () => {
  test("a step that acts twice without a key", async () => {
    const report = await crashTest(
      (bank: Bank) =>
        workflow({ name: "w" }, async (ctx) => {
          await ctx.step("charge", () => bank.payAnyway("charge")); // planted: unkeyed
          await ctx.sleep("1h");
        }),
      { services: () => new Bank(), observe: ({ paid }) => paid },
    );
    const found = report.findings.find(({ kind }) => kind === "double-effect");
    expect(found).toMatchObject({
      title: 'step "charge" acted twice without an idempotency key',
      at: at("unkeyed"),
      scenario: 'killed when "charge" had acted and nobody had heard of it',
    });
    expect(report.findings[0]).toMatchObject({ kind: "outcome-differs", at: at("unkeyed") });
    expect(() => expectCrashSafe(report)).toThrow(/acted twice[^]*crash-test\.test\.ts:\d+/);
  });

  test("a task that acts twice without a key", async () => {
    const charge = task({ name: "charge" }, async () => "charged");
    const report = await crashTest(
      workflow({ name: "w" }, async (ctx) => {
        await ctx.run(charge); // planted: unkeyed task
      }),
      { tasks: [charge] },
    );
    expect(report.findings).toMatchObject([
      { kind: "double-effect", title: expect.stringContaining("task"), at: at("unkeyed task") },
    ]);
  });

  test("an outcome that depends on a global counter", async () => {
    let counter = 0;
    const report = await crashTest(
      workflow({ name: "w" }, async (ctx) => {
        const number = await ctx.step("number", () => ++counter); // planted: counter
        await ctx.sleep("1s");
        return { number };
      }),
      { readOnly: ["number"] },
    );
    expect(report.findings).toMatchObject([
      {
        kind: "not-repeatable",
        at: at("counter"),
        details: [
          'left alone, it completed with {"number":1}',
          'here, it completed with {"number":2}',
          'the first result that differs is that of "number"',
        ],
      },
    ]);
  });

  test("a wait and a call without a timeout", async () => {
    const child = workflow({ name: "child" }, async () => "c");
    const report = await crashTest(
      workflow({ name: "w" }, async (ctx) => {
        await ctx.call(child); // planted: call
        await ctx.waitFor("approval"); // planted: wait
        const promise = ctx.promise("paid"); // planted: promise
        await promise.result;
      }),
      { workflows: [child], answers: { approval: 1, paid: 1 } },
    );
    expect(report.ending).toContain("completed");
    expect(report.findings).toHaveLength(3);
    const places = report.findings.map((finding) => finding.at);
    expect(places).toEqual(expect.arrayContaining([at("call"), at("wait"), at("promise")]));
  });

  test("a wait that nobody answers, which the test does not drive further", async () => {
    const report = await crashTest(
      workflow({ name: "w" }, async (ctx) => {
        await ctx.waitFor("approval");
      }),
    );
    expect(report.ending).toBe('stands still: w waits for the signal "approval"');
    expect(report.notes[0]).toContain("Not driven further");
    expect(kinds(report)).toEqual(["no-timeout"]);
  });

  test("an undo that fails, and one that nothing takes", async () => {
    const cannot = () => {
      throw new PermanentError("the hotel is gone");
    };
    const report = await crashTest(
      workflow({ name: "w" }, async (ctx) => {
        await ctx.step("book", ({ idempotencyKey }) => idempotencyKey, { undo: cannot }); // planted: undo
        await ctx.step("pay", ({ idempotencyKey }) => idempotencyKey, { undo: () => 1 }); // planted: never
      }),
    );
    expect(report.findings).toMatchObject([
      {
        kind: "undo-failed",
        at: at("undo"),
        details: ["it failed with: the hotel is gone", expect.stringContaining("parked")],
      },
      { kind: "undo-never-taken", at: at("never") },
    ]);
  });

  test("a step without an undo among others that have one", async () => {
    const keyed = ({ idempotencyKey }: { idempotencyKey: string }) => idempotencyKey;
    const report = await crashTest(
      workflow({ name: "w" }, async (ctx) => {
        await ctx.step("flight", keyed, { undo: (_, { idempotencyKey }) => idempotencyKey });
        await ctx.step("hotel", keyed); // planted: left behind
        await ctx.step("pay", keyed);
      }),
    );
    expect(report.findings).toMatchObject([
      { kind: "left-behind", title: expect.stringContaining('"hotel"'), at: at("left behind") },
    ]);
    const kept = workflow({ name: "w" }, async (ctx) => {
      await ctx.step("flight", keyed, { undo: (_, { idempotencyKey }) => idempotencyKey });
      await ctx.step("hotel", keyed);
      await ctx.step("pay", keyed);
    });
    expectCrashSafe(await crashTest(kept, { keep: ["hotel"] }));
  });

  test("code that takes another way when it is run again", async () => {
    let executions = 0;
    const report = await crashTest(
      workflow({ name: "w" }, async (ctx) => {
        executions += 1;
        await ctx.step("first", () => 1);
        await ctx.step(`call-${executions % 2}`, () => 2); // planted: replay
        await ctx.sleep("1h");
      }),
      { readOnly: ["first", "call-0", "call-1"] },
    );
    expect(report.findings).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: "nondeterminism", at: at("replay") }),
      ]),
    );
  });

  test("a clock that is not of ctx", async () => {
    const report = await crashTest(
      workflow({ name: "w" }, async () => {
        return Date.now(); // planted: clock
      }),
    );
    expect(report.findings).toMatchObject([{ kind: "nondeterminism", at: at("clock") }]);
  });
});

describe("a crash test", { timeout: 60_000 }, () => {
  const chatty = workflow({ name: "chatty", retry: { initialMs: 10 } }, async (ctx) => {
    ctx.onSignal("note", () => undefined);
    let failures = 0;
    await ctx.step("flaky", ({ idempotencyKey, attempt }) => {
      if (attempt < 3) throw new Error(`not yet ${++failures}`);
      return idempotencyKey;
    });
    const event = await ctx.waitForEvent<{ id: string }>("paid", { timeout: "1d" });
    return event.id;
  });

  test("sends signals, publishes events, and lets steps be tried again", async () => {
    const report = await crashTest(chatty, {
      signals: [{ name: "note", payload: 1 }],
      answers: ({ type, name, nth }) => (type === "event" ? { id: `${name}-${nth}` } : undefined),
    });
    expect(report.ending).toBe('completed with "paid-1"');
    expectCrashSafe(report);
  });

  test("follows children, objects and continuations", async () => {
    const counter = object({
      name: "counter",
      handlers: {
        add: handler(async (ctx, by: number) => {
          const sum = ((await ctx.state.get<number>("sum")) ?? 0) + by;
          ctx.state.set("sum", sum);
          return sum;
        }),
      },
    });
    const child = workflow({ name: "child", timeout: "1d" }, async (ctx, n: number) => {
      await ctx.sleep("1m");
      return ctx.step("double", ({ idempotencyKey }) => (idempotencyKey ? n * 2 : 0));
    });
    const main = workflow({ name: "main" }, async (ctx, round: number): Promise<number> => {
      const doubled = await ctx.call(child, round);
      const sum = await ctx.object(counter, "c").add(doubled);
      if (round < 2) return ctx.continueAsNew(round + 1);
      return sum;
    });
    const report = await crashTest(main, { input: 1, workflows: [child], objects: [counter] });
    expect(report.ending).toBe("completed with 6");
    expectCrashSafe(report, { allow: ["no-timeout"] });
    expect(report.figures.kills).toBeGreaterThan(12);
  });

  test("is bounded: what its limits leave out is told", async () => {
    const short = await crashTest(chatty, { maxRuns: 4 });
    expect(short.figures.scenarios).toBe(4);
    expect(short.figures.leftOut).toBeGreaterThan(0);
    expect(short.notes.join()).toContain("left out");
    const none = await crashTest(chatty, { maxSeconds: -1 });
    expect(none.figures.scenarios).toBe(1);
    await expect(crashTest(chatty, { maxRuns: 0 })).rejects.toThrow("maxRuns");
  });

  test("ends with a step that never succeeds and a loop that never ends", async () => {
    const stubborn = workflow({ name: "w" }, async (ctx) => {
      await ctx.step("down", () => Promise.reject(new Error("down")));
    });
    const report = await crashTest(stubborn, { maxRuns: 3 });
    expect(report.ending).toBe('goes on without end at "down"');
    const refused = workflow({ name: "w" }, async (ctx) => {
      await ctx.step("no", () => Promise.reject(new PermanentError("no")));
    });
    expect((await crashTest(refused)).ending).toBe(
      'failed with PermanentError: step "no" failed: no',
    );
  });

  test("answers as often as the limit says, and then lets the run stand", async () => {
    const asking = (times: number) =>
      workflow({ name: "w" }, async (ctx) => {
        for (let i = 0; i < times; i++) await ctx.waitFor("next");
      });
    const ending = async (times: number) =>
      (await crashTest(asking(times), { answers: { next: 1 }, maxRuns: 1 })).ending;
    const { answers } = testingLimits;
    expect(await ending(answers)).toBe("completed with nothing");
    expect(await ending(answers + 1)).toContain("stands still");
  });

  test("tries a step as often as the limit says, and then takes it for one without end", async () => {
    const failing = (times: number) =>
      workflow({ name: "w" }, async (ctx) => {
        await ctx.step("down", ({ attempt }) => {
          if (attempt <= times) throw new Error("down");
        });
      });
    const ending = async (times: number) =>
      (await crashTest(failing(times), { maxRuns: 1 })).ending;
    expect(await ending(testingLimits.attempts - 1)).toBe("completed with nothing");
    expect(await ending(testingLimits.attempts)).toBe('goes on without end at "down"');
  });

  test("loses its patience with a function that hangs, and leaves no guard behind", async () => {
    const before = [Date.now, Math.random, setTimeout];
    const hanging = workflow({ name: "w" }, async (ctx) => {
      const never = () => new Promise<never>(() => undefined);
      await ctx.step("hang", never, { timeout: "1m", retry: { maxAttempts: 2 } });
    });
    const report = await crashTest(hanging, { patienceMs: 20, maxRuns: 2 });
    expect(report.ending).toContain("failed with");
    expect([Date.now, Math.random, setTimeout]).toEqual(before);
    const endless = workflow({ name: "w" }, async (ctx) => {
      await ctx.step("hang", () => new Promise<never>(() => undefined));
    });
    const { ending } = await crashTest(endless, { patienceMs: 20, maxRuns: 1 });
    expect(ending).toMatch(/stands still|without end/);
  });

  test("refuses an input that the workflow does not take", async () => {
    await expect(crashTest(chatty, { id: "" })).rejects.toThrow(/id/);
  });

  test("is told for terminals and as a page", async () => {
    const report = await crashTest(
      workflow({ name: "w" }, async (ctx) => {
        await ctx.step("<b>charge</b>", () => 1);
      }),
    );
    const text = renderCrashTest(report);
    expect(text).toContain("✗ 1 finding");
    expect(text).toMatch(/at .*crash-test\.test\.ts:\d+/);
    expect(renderCrashTest(report, { colour: true })).toContain("\u001b[31m");
    expect(renderCrashTestHtml(report)).toContain("&lt;b&gt;charge&lt;/b&gt;");
    expect(renderCrashTestHtml(report)).not.toContain("<b>charge");
  });
});
