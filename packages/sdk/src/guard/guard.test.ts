import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { workflow, type Context } from "../index.ts";
import { SingleRun } from "../testing/single-run.test-support.ts";

const define = (body: (ctx: Context) => unknown) =>
  workflow({ name: "w" }, async (ctx) => {
    await ctx.step("first", () => 1);
    body(ctx);
    await ctx.step("second", () => 2);
  });

describe("the guard pauses a run whose code", () => {
  test.each([
    ["asks the clock", () => Date.now(), "ctx.now()"],
    ["makes a date of now", () => new Date(), "new Date(ctx.now())"],
    ["rolls dice", () => Math.random(), "ctx.random()"],
    ["draws a uuid", () => crypto.randomUUID(), "ctx.uuid()"],
    ["sets a timer", () => setTimeout(() => undefined, 1), "ctx.sleep(duration)"],
    ["sets an interval", () => setInterval(() => undefined, 1), "a loop with ctx.sleep(duration)"],
    ["fetches", () => void fetch("http://localhost:1").catch(() => undefined), "ctx.step"],
  ])("%s", async (_what, body, instead) => {
    const run = await new SingleRun(define(body), { guard: true }).start();
    run.kill();
    expect(run.state.paused?.reason).toBe("nondeterminism");
    expect(run.state.paused?.message).toContain(`use ${instead}`);
    expect(run.state.paused?.message).toMatch(/guard\.test\.ts:\d+/);
  });
});

describe("the guard has nothing against", () => {
  test("the same inside of steps, dates of a value, and code outside of workflows", async () => {
    const seen: unknown[] = [];
    const definition = workflow({ name: "w" }, async (ctx) => {
      const stamp = await ctx.step("stamp", async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return [Date.now() > 0, Math.random() < 1, randomUUID().length, new Date().getTime() > 0];
      });
      seen.push(...stamp, new Date(ctx.now()).getUTCFullYear(), ctx.now() > 0);
      ctx.log.info("hello");
      await ctx.sleep(5);
    });
    const run = new SingleRun(definition, { guard: true });
    run.activate();
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await run.rest();
    await run.pass(5);
    run.kill();
    expect(Date.now()).toBeGreaterThan(0);
    expect(run.outcome?.status).toBe("completed");
    expect(seen).toEqual([true, true, 36, true, 2030, true]);
  });

  test("anything at all when it only warns, but it says so", async () => {
    const run = await new SingleRun(
      define(() => Math.random()),
      { guard: "warn" },
    ).start();
    run.kill();
    expect(run.outcome?.status).toBe("completed");
    expect(run.logs.map(({ message }) => message)).toEqual([
      expect.stringContaining("use ctx.random()"),
    ]);
  });
});

test("the last guard to go puts everything back", async () => {
  const before = [Date, Date.now, Math.random, setTimeout, fetch];
  const run = await new SingleRun(
    define(() => undefined),
    { guard: true },
  ).start();
  expect(Date.now).not.toBe(before[1]);
  run.kill();
  expect([Date, Date.now, Math.random, setTimeout, fetch]).toEqual(before);
});
