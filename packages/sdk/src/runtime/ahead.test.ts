/** Code sees results before they are on disk; what it begins after them waits for it. */
import { describe, expect, test } from "vitest";
import { workflow } from "../index.ts";
import { expectReplays } from "../testing/expect-replays.test-support.ts";
import { SingleRun } from "../testing/single-run.test-support.ts";

const soon = <T>(value: T) => new Promise<T>((resolve) => void setImmediate(() => resolve(value)));

function typesOf({ answers }: SingleRun): readonly (readonly string[])[] {
  return answers.map(({ commands }) => commands.map(({ type }) => type));
}

describe("a result that is not on disk yet", () => {
  test("goes to disk with the end that the code comes to after it", async () => {
    const definition = workflow({ name: "w" }, async (ctx) => {
      const one = await ctx.step("one", () => soon(1));
      return one + (await ctx.step("two", () => 2));
    });
    const run = await new SingleRun(definition).start();
    expect(typesOf(run)).toEqual([["step.complete"], ["step.complete", "run.complete"]]);
    await expectReplays(definition, run.journal);
  });

  test("holds up every step that the code asks for after it, and none before", async () => {
    const begun: string[] = [];
    const definition = workflow({ name: "w" }, async (ctx) => {
      const step = (name: string) =>
        ctx.step(name, async ({ maybeRan }) => {
          begun.push(maybeRan ? `${name} again` : name);
          return soon(name);
        });
      const slow = step("beside").then(() => step("after beside"));
      await step("one");
      await Promise.all([slow, step("two")]);
    });
    const run = new SingleRun(definition);
    run.activate();
    run.mute();
    await run.rest();
    expect(begun).toEqual(["beside", "one"]);
    run.kill();
    run.activate(true);
    await run.rest();
    expect(run.outcome?.status).toBe("completed");
    expect(begun.slice(2)).toEqual(["beside again", "one again", "after beside", "two"]);
    await expectReplays(definition, run.journal);
  });

  test("holds up steps that do not wait for their own results, too", async () => {
    const begun: string[] = [];
    const definition = workflow({ name: "w" }, async (ctx) => {
      await ctx.step("one", () => soon(begun.push("one")));
      await ctx.step("two", () => begun.push("two"), { durability: "exit" });
    });
    const run = new SingleRun(definition);
    run.activate();
    run.mute();
    await run.rest();
    expect(begun).toEqual(["one"]);
    run.kill();
    run.activate(true);
    await run.rest();
    expect(begun).toEqual(["one", "one", "two"]);
    await expectReplays(definition, run.journal, { runsAhead: true });
  });

  test("goes with what the code waits for, and with the word that it waits", async () => {
    const definition = workflow({ name: "w" }, async (ctx) => {
      await ctx.step("one", () => soon(1));
      await ctx.waitFor("go");
    });
    const run = await new SingleRun(definition).start();
    expect(typesOf(run)).toEqual([["step.complete", "wait.start"]]);
    expect(run.kinds()).toEqual([
      "run.started",
      "step.completed",
      "wait.started",
      "activation.completed",
    ]);
    expect(run.journal.at(-1)).toMatchObject({ through: 2 });
    await run.signal("go");
    expect(run.outcome?.status).toBe("completed");
    await expectReplays(definition, run.journal);
  });

  test("is told to the journal while the run is paused, and given to the code after that", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const begun: string[] = [];
    const definition = workflow({ name: "w" }, async (ctx) => {
      await ctx.step("long", () => promise);
      await ctx.step("next", () => begun.push("next"));
    });
    const run = await new SingleRun(definition).start();
    await run.tell({ type: "run.pause" });
    resolve(1);
    await run.rest();
    expect(run.kinds()).toEqual(["run.started", "run.paused", "step.completed"]);
    await run.tell({ type: "run.resume" });
    expect(run.outcome?.status).toBe("completed");
    expect(begun).toEqual(["next"]);
    await expectReplays(definition, run.journal);
  });
});
