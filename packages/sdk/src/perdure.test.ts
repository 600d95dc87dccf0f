/** What users write, over the real engine in virtual time: the scenarios, and what time does. */
import { afterEach, describe, expect, test } from "vitest";
import { task, workflow, type Perdure } from "./index.ts";
import { perdureScenarios } from "./perdure-scenarios.test-support.ts";
import { testEnvironment, type TestEnvironment, type TestOptions } from "./testing/index.ts";

perdureScenarios("in this process, in virtual time", async (code) => {
  const env = await testEnvironment(code);
  return { perdure: env.perdure, pass: (ms) => env.advance(ms), close: () => env.close() };
});

let env: TestEnvironment | undefined;

async function openTest(options: TestOptions): Promise<Perdure> {
  env = await testEnvironment(options);
  return env.perdure;
}

afterEach(async () => {
  await env?.close();
  env = undefined;
});

describe("time", () => {
  test("a delayed start begins after its delay", async () => {
    const clock = workflow({ name: "clock" }, async (ctx) => ctx.now());
    const perdure = await openTest({ workflows: [clock] });
    const before = env!.now;
    const run = await perdure.start(clock, { delay: "2h" });
    expect(await run.result()).toBeGreaterThanOrEqual(before + 7_200_000);
  });

  test("a run can be paused, resumed, cancelled and terminated", async () => {
    const sleeper = workflow({ name: "sleeper" }, async (ctx) => {
      await ctx.sleep("1h");
      return "slept";
    });
    const perdure = await openTest({ workflows: [sleeper] });
    const [a, b, c] = await Promise.all([1, 2, 3].map(() => perdure.start(sleeper)));
    await a!.pause("look at it");
    await env!.advance("2h");
    expect((await a!.why()).waiting).toMatchObject([{ on: "person" }]);
    await a!.resume();
    expect(await a!.result()).toBe("slept");
    const d = await perdure.start(sleeper);
    await env!.settle();
    await d.cancel("enough");
    await expect(d.result()).rejects.toMatchObject({ status: "cancelled", code: "cancelled" });
    const e = await perdure.start(sleeper);
    await e.terminate("now");
    await expect(e.result()).rejects.toMatchObject({ status: "terminated" });
    expect([await b!.result(), await c!.result()]).toEqual(["slept", "slept"]);
  });
  test("a schedule starts runs; a definition's cron is one", async () => {
    const hourly = workflow({ name: "hourly", cron: "0 * * * *" }, async (ctx) => ctx.now());
    const report = workflow({ name: "report" }, async (_ctx, kind: string) => kind);
    const perdure = await openTest({ workflows: [hourly, report] });
    await perdure.schedules.put("daily", { workflow: report, input: "sales", every: "1d" });
    await env!.advance("25h");
    expect(await perdure.count({ workflow: hourly })).toBe(25);
    expect(await perdure.count({ workflow: report })).toBe(1);
    await perdure.schedules.pause("daily", "holiday");
    await env!.advance("2d");
    expect(await perdure.count({ workflow: report })).toBe(1);
    await perdure.schedules.trigger("daily");
    await env!.settle();
    expect(await perdure.count({ workflow: report })).toBe(2);
    expect((await perdure.schedules.describe("daily")).paused).toBeTruthy();
    await perdure.schedules.delete("daily");
    await expect(perdure.schedules.put("none", { workflow: report, input: "x" })).rejects.toThrow(
      /says nothing about when/,
    );
  });
});

describe("tasks", () => {
  test("a task that is cancelled hears of it and has the last word", async () => {
    const stuck = task({ name: "stuck", heartbeat: "1m" }, async (_: void, { signal }) => {
      await new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
    });
    const caller = workflow({ name: "caller" }, (ctx) => ctx.run(stuck));
    env = await testEnvironment({ workflows: [caller], tasks: [stuck], autoSkip: false });
    const run = await env.perdure.start(caller);
    for (let i = 0; i < 100; i++) await new Promise((resolve) => void setImmediate(resolve));
    await run.cancel();
    await expect(run.result()).rejects.toMatchObject({ status: "cancelled" });
    const kinds = (await run.journal()).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(["step.cancelRequested", "step.cancelled"]));
  });
});

describe("spans", () => {
  test("go to the tracer, once", async () => {
    const spans: string[] = [];
    const traced = workflow({ name: "traced" }, async (ctx) => {
      await ctx.span("quote", () => ctx.step("ask", () => 1));
      await ctx.span("pay", () => Promise.reject(new Error("declined"))).catch(() => undefined);
    });
    const perdure = await openTest({
      workflows: [traced],
      tracer: {
        start: (name, run) => ({
          end: (error) => spans.push(`${run.workflow}/${name}: ${error ? "failed" : "done"}`),
        }),
      },
    });
    const run = await perdure.start(traced);
    await run.result();
    await run.query("none").catch(() => undefined);
    expect(spans).toEqual(["traced/quote: done", "traced/pay: failed"]);
  });
});

describe("the log", () => {
  test("is silent while a run is replayed", async () => {
    const lines: string[] = [];
    const chatty = workflow({ name: "chatty" }, async (ctx) => {
      ctx.log.info("before");
      await ctx.sleep("1h");
      ctx.log.info("after", { replaying: ctx.replaying });
    });
    const perdure = await openTest({
      workflows: [chatty],
      log: (level, message) => level === "info" && lines.push(message),
    });
    const run = await perdure.start(chatty);
    await run.result();
    await run.query("none").catch(() => undefined);
    expect(lines).toEqual(["before", "after"]);
  });
});
