import { describe, expect, test } from "vitest";
import { PermanentError, TimeoutError, workflow, type StepError } from "../index.ts";
import { decode } from "../payload.ts";
import { expectReplays } from "../testing/expect-replays.test-support.ts";
import { outputsOf, SingleRun } from "../testing/single-run.test-support.ts";
import type { AnyWorkflow } from "../index.ts";

async function soon<T>(value: T): Promise<T> {
  await new Promise((resolve) => void setImmediate(resolve));
  return value;
}

function outputOf(run: SingleRun): unknown {
  if (run.outcome?.status === "completed") return decode(run.outcome.output);
  throw new Error(`the run is ${run.outcome?.status ?? "open"}: ${JSON.stringify(run.outcome)}`);
}

async function completed(definition: AnyWorkflow, input?: unknown): Promise<SingleRun> {
  return new SingleRun(definition, { input }).start();
}

describe("a replay takes the turns of the first execution", () => {
  test("for steps one after the other", async () => {
    const definition = workflow({ name: "w" }, async (ctx, input: number) => {
      let sum = input;
      for (let i = 0; i < 5; i++) sum += await ctx.step("add", () => soon(i));
      return sum + (await ctx.step("last", () => 1));
    });
    const run = await completed(definition, 10);
    expect(outputOf(run)).toBe(21);
    expect(run.journal.filter(({ kind }) => kind === "step.completed").length).toBe(6);
    await expectReplays(definition, run.journal, { input: 10 });
  });

  test("for steps side by side, whichever ends first", async () => {
    const order: string[] = [];
    const definition = workflow({ name: "w" }, async (ctx) => {
      const one = async (name: string, turns: number) => {
        await ctx.step(name, async () => {
          for (let i = 0; i < turns; i++) await soon(0);
          return name;
        });
        order.push(name);
        await ctx.step(`${name}-after`, () => soon(0));
      };
      await Promise.all([one("slow", 9), one("quick", 1), one("middle", 4)]);
    });
    const run = await completed(definition);
    expect(order).toEqual(["quick", "middle", "slow"]);
    await expectReplays(definition, run.journal);
  });

  // An older journal is replayed by this code: nothing may move the moment of the end.
  test.each([
    [2, true],
    [3, true],
    [4, false],
  ])("for what is asked %i microtasks after the code has returned", async (ticks, isAsked) => {
    const definition = workflow({ name: "w" }, async (ctx) => {
      await ctx.step("first", () => soon(1), { durability: "async" });
      const beside = async () => {
        for (let i = 0; i < ticks; i++) await Promise.resolve();
        await ctx.step("beside", () => 2, { durability: "async" });
      };
      beside().catch(() => undefined);
    });
    const run = await completed(definition);
    const keys = run.journal.flatMap((event) => ("key" in event ? [event.key] : []));
    expect(keys).toEqual(isAsked ? ["first", "beside"] : ["first"]);
    await expectReplays(definition, run.journal);
  });

  test("for timers, signals, races, values and messages", async () => {
    const definition = workflow({ name: "w" }, async (ctx) => {
      const started = ctx.now();
      const winner = await ctx.race([
        ctx.sleep("1h").then(() => "late"),
        ctx.waitFor<string>("answer"),
      ]);
      ctx.publish("answered", { winner });
      const dice = [ctx.random(), ctx.uuid()];
      ctx.attributes({ winner });
      ctx.progress(0.5, "half");
      const timedOut = await ctx
        .waitFor("more", { timeout: "1m" })
        .catch((error: unknown) => error instanceof TimeoutError);
      const none = await ctx.waitFor("none", { timeout: 1000, onTimeout: "nobody" });
      return { winner, dice, timedOut, none, took: ctx.now() - started };
    });
    const run = await completed(definition);
    await run.signal("answer", "yes");
    await run.pass(120_000);
    const output = outputOf(run);
    expect(output).toMatchObject({ winner: "yes", timedOut: true, none: "nobody", took: 61_000 });
    expect(run.sent.map(({ message }) => message.type)).toEqual(["topic.publish"]);
    await expectReplays(definition, run.journal);
    const again = await SingleRun.replay(definition, run.journal.slice(0, -1));
    expect(again.answers.flatMap(({ commands }) => commands)).toMatchObject([
      { type: "run.complete", output: { encoding: "json" } },
    ]);
    expect(decode(outputsOf(again)[0])).toEqual(output);
  });

  test("for steps that failed before they succeeded, or for good", async () => {
    let calls = 0;
    const definition = workflow({ name: "w", retry: { initialMs: 10 } }, async (ctx) => {
      const third = await ctx.step("flaky", ({ attempt }) => {
        calls += 1;
        if (attempt < 3) throw new Error(`attempt ${attempt}`);
        return attempt;
      });
      const error = await ctx
        .step("hopeless", () => Promise.reject(new PermanentError("no", { code: "declined" })))
        .catch((thrown: unknown) => thrown as StepError);
      return { third, code: error.code, attempt: error.attempt };
    });
    const run = await completed(definition);
    await run.pass(1000);
    expect(outputOf(run)).toEqual({ third: 3, code: "declined", attempt: 1 });
    expect(calls).toBe(3);
    await expectReplays(definition, run.journal);
  });

  test("for messages of the outside that come while steps run", async () => {
    const definition = workflow({ name: "w" }, async (ctx) => {
      const seen: unknown[] = [];
      ctx.onSignal("note", async (note) => {
        seen.push(await ctx.step("note", () => soon(note)));
      });
      let added = 0;
      ctx.onUpdate("add", async (n) => {
        added += await ctx.step("add", () => soon(n as number));
        return added;
      });
      await ctx.step("work", async () => {
        for (let i = 0; i < 30; i++) await soon(0);
      });
      await ctx.waitFor("end");
      return { seen, added };
    });
    const run = new SingleRun(definition);
    run.activate();
    const note = (n: number) => run.signal("note", n);
    await note(1);
    await run.worker!.update(run.id, 1, {
      id: "u",
      name: "add",
      payload: { encoding: "json", data: new TextEncoder().encode("5") },
    });
    await run.rest();
    await note(2);
    await note(3);
    await run.signal("end");
    expect(outputOf(run)).toEqual({ seen: [1, 2, 3], added: 5 });
    expect(run.kinds()).toContain("update.completed");
    await expectReplays(definition, run.journal);
  });
});

describe("results that run ahead of the disk", () => {
  const body = (durability: "async" | "exit") =>
    workflow({ name: "w", durability }, async (ctx) => {
      const order: string[] = [];
      ctx.onSignal("poke", async () => {
        order.push(await ctx.step("poked", () => "poked"));
      });
      const branch = async (name: string, turns: number) => {
        for (let i = 0; i < 3; i++) {
          order.push(
            await ctx.step(name, async () => {
              for (let turn = 0; turn < turns; turn++) await soon(0);
              return name;
            }),
          );
          order.push(await ctx.step(`${name}-sync`, () => `${name}-sync`));
        }
      };
      await Promise.all([branch("a", 2), branch("b", 3), branch("c", 5)]);
      await ctx.sleep(100);
      return order;
    });

  test.each(["async", "exit"] as const)("%s: a replay gives the same order", async (durability) => {
    const definition = body(durability);
    const run = new SingleRun(definition);
    run.activate();
    await new Promise((resolve) => void setImmediate(resolve));
    await new Promise((resolve) => void setImmediate(resolve));
    await run.signal("poke");
    await run.signal("poke");
    await run.pass(100);
    const output = outputOf(run) as string[];
    expect(output.length).toBe(20);
    await expectReplays(definition, run.journal, { runsAhead: true });
    const again = await SingleRun.replay(definition, run.journal.slice(0, -1));
    expect(decode(outputsOf(again).at(-1))).toEqual(output);
  });

  test("a result that ran ahead of a signal does so again", async () => {
    const definition = workflow({ name: "w" }, async (ctx) => {
      ctx.onSignal("note", async () => {
        await ctx.step("noted", () => 1);
      });
      const later = async () => soon(await soon(0));
      await ctx.step("ahead", later, { durability: "exit" });
      await ctx.step("after", async () => {
        for (let i = 0; i < 6; i++) await soon(0);
      });
    });
    const run = new SingleRun(definition);
    run.activate();
    for (let i = 0; i < 5; i++) await soon(0);
    await run.signal("note");
    const steps = run.journal.filter((event) => event.kind === "step.completed");
    // Asked for in this order, journaled after the signal.
    expect(steps.map(({ key, ordinal }) => [key, ordinal])).toEqual([
      ["ahead", 2],
      ["noted", 4],
      ["after", 3],
    ]);
    expect(run.kinds().indexOf("signal.received")).toBeLessThan(
      run.kinds().indexOf("step.completed"),
    );
    await expectReplays(definition, run.journal, { runsAhead: true });
  });

  test("exit: nothing is said before the code waits", async () => {
    const definition = workflow({ name: "w", durability: "exit" }, async (ctx) => {
      for (let i = 0; i < 10; i++) await ctx.step("s", () => soon(i));
      await ctx.sleep(10);
    });
    const run = await completed(definition);
    const said = run.answers.map(({ commands }) => commands.length);
    expect(said.filter((length) => length > 0)).toEqual([11]);
  });

  test("async: synchronous steps need no turn of their own", async () => {
    const definition = workflow({ name: "w", durability: "async" }, async (ctx) => {
      let sum = 0;
      for (let i = 0; i < 100; i++) sum += await ctx.step("s", () => i);
      return sum;
    });
    const run = await completed(definition);
    expect(outputOf(run)).toBe(4950);
    expect(run.answers.length).toBe(1);
    await expectReplays(definition, run.journal);
  });
});
