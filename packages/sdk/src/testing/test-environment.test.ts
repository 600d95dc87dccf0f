import { expect, test } from "vitest";
import { workflow } from "../index.ts";
import { testEnvironment } from "./index.ts";

const reminder = workflow({ name: "reminder" }, async (ctx) => {
  const answer = await ctx.waitFor<string>("answer", { timeout: "30d" }).catch(() => "none");
  await ctx.step("mail", () => {
    throw new Error("a test must not send mail");
  });
  return answer;
});

test("a month of waiting takes no time, and steps are what the test says", async () => {
  const sent: string[] = [];
  await using env = await testEnvironment({
    workflows: [reminder],
    steps: { mail: ({ key }) => sent.push(key) },
  });
  const before = env.now;
  const run = await env.perdure.start(reminder);
  expect(await run.result()).toBe("none");
  expect(env.now - before).toBeGreaterThanOrEqual(30 * 86_400_000);
  expect(sent).toEqual(["mail"]);
});

test("time stands still until somebody waits for an end", async () => {
  await using env = await testEnvironment({
    workflows: [reminder],
    steps: { "reminder.mail": async () => "sent" },
  });
  const run = await env.perdure.start(reminder);
  await env.settle();
  await env.advance("29d");
  await run.signal("answer", "yes");
  expect(await run.result()).toBe("yes");
});

test("by hand, time goes only as far as it is told", async () => {
  await using env = await testEnvironment({
    workflows: [reminder],
    steps: { mail: () => "sent" },
    autoSkip: false,
    startAt: new Date("2031-05-05T00:00:00Z"),
  });
  const run = await env.perdure.start(reminder);
  await env.advance("29d");
  expect(new Date(env.now).toISOString()).toBe("2031-06-03T00:00:00.000Z");
  expect((await run.why()).waiting).toMatchObject([{ on: "signal" }]);
  await env.advance("1d");
  expect(await run.result()).toBe("none");
});
