import { describe, expect, test } from "vitest";
import { workflow, type StepContext } from "../index.ts";
import { decode } from "../payload.ts";
import { expectReplays } from "../testing/expect-replays.test-support.ts";
import { outputsOf, SingleRun } from "../testing/single-run.test-support.ts";

const soon = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** Steps that tell what they were told, and stop at a gate once. */
function gate() {
  const seen: { step: string; key: string; maybeRan: boolean }[] = [];
  let isOpen = false;
  const step =
    (name: string, holds = false) =>
    async (context: StepContext) => {
      seen.push({ step: name, key: context.idempotencyKey, maybeRan: context.maybeRan });
      if (holds && !isOpen) await new Promise<never>(() => undefined);
      await soon();
      return name;
    };
  return { seen, step, open: () => (isOpen = true) };
}

describe("when a worker is lost while a step runs", () => {
  test("the next attempt has the same idempotency key and says that it may have run", async () => {
    const { seen, step, open } = gate();
    const definition = workflow({ name: "w" }, async (ctx) => {
      await ctx.step("one", step("one"));
      await ctx.step("two", step("two", true));
      await ctx.step("three", step("three"));
    });
    const run = await new SingleRun(definition).start();
    run.kill();
    open();
    run.activate(true);
    await run.rest();
    expect(run.outcome?.status).toBe("completed");
    expect(seen).toEqual([
      { step: "one", key: `${run.id}:one`, maybeRan: false },
      { step: "two", key: `${run.id}:two`, maybeRan: false },
      { step: "two", key: `${run.id}:two`, maybeRan: true },
      { step: "three", key: `${run.id}:three`, maybeRan: false },
    ]);
    const completed = run.journal.filter((event) => event.kind === "step.completed");
    expect(completed.map(({ maybeRan }) => maybeRan ?? false)).toEqual([false, true, false]);
  });

  test("a signal that came in between does not hide it", async () => {
    const { seen, step, open } = gate();
    const definition = workflow({ name: "w" }, async (ctx) => {
      await ctx.step("one", step("one", true));
      await ctx.waitFor("go");
      await ctx.step("two", step("two"));
    });
    const run = await new SingleRun(definition).start();
    run.kill();
    const lostAt = run.journal.length;
    await run.signal("go");
    open();
    run.activate(true);
    await run.rest();
    expect(run.journal.length).toBeGreaterThan(lostAt);
    expect(seen.map(({ maybeRan }) => maybeRan)).toEqual([false, true, false]);
  });

  test("a step that was cancelled in between is not begun again", async () => {
    const { seen, step } = gate();
    const definition = workflow({ name: "w" }, async (ctx) => {
      await ctx.step("one", step("one", true));
    });
    const run = await new SingleRun(definition).start();
    run.kill();
    await run.tell({ type: "run.cancel" });
    run.activate(true);
    await run.rest();
    expect(run.outcome?.status).toBe("cancelled");
    expect(seen.length).toBe(1);
    await expectReplays(definition, run.journal);
  });

  test("ahead of the disk, all steps up to the next wait may have run", async () => {
    const { seen, step, open } = gate();
    const definition = workflow({ name: "w", durability: "exit" }, async (ctx) => {
      await ctx.step("one", step("one"));
      await ctx.step("two", step("two"));
      await ctx.step("three", step("three", true));
      await ctx.sleep("1s");
      await ctx.step("four", step("four"));
    });
    const run = await new SingleRun(definition).start();
    run.kill();
    expect(run.kinds()).toEqual(["run.started"]);
    open();
    run.activate(true);
    await run.rest();
    await run.pass(1000);
    expect(run.outcome?.status).toBe("completed");
    expect(seen.slice(3).map(({ step: name, maybeRan }) => [name, maybeRan])).toEqual([
      ["one", true],
      ["two", true],
      ["three", true],
      ["four", false],
    ]);
  });
});

describe("a step between its attempts", () => {
  test("is run by whoever holds the run when the next attempt is due", async () => {
    const attempts: number[] = [];
    const definition = workflow({ name: "w", retry: { initialMs: 1000 } }, async (ctx) =>
      ctx.step("flaky", ({ attempt }) => {
        attempts.push(attempt);
        if (attempt < 3) throw new Error("not yet");
        return attempt;
      }),
    );
    const run = await new SingleRun(definition).start();
    run.kill();
    run.activate();
    await run.pass(1000);
    expect(attempts).toEqual([1, 2]);
    run.kill();
    await run.pass(2000);
    expect(run.kinds().at(-1)).toBe("step.started");
    run.activate();
    await run.rest();
    expect(attempts).toEqual([1, 2, 3]);
    expect(run.outcome?.status).toBe("completed");
    await expectReplays(definition, run.journal);
  });
});

describe("a paused run", () => {
  test("does nothing with what comes, until it is resumed", async () => {
    const seen: unknown[] = [];
    const definition = workflow({ name: "w" }, async (ctx) => {
      ctx.onSignal("note", (note) => void seen.push(note));
      await ctx.waitFor("end");
      return seen.length;
    });
    const run = await new SingleRun(definition).start();
    await run.tell({ type: "run.pause", message: "look" });
    await run.signal("note", 1);
    await run.signal("end");
    expect(seen).toEqual([]);
    await run.tell({ type: "run.resume" });
    expect(seen).toEqual([1]);
    expect(run.outcome?.status).toBe("completed");
    await expectReplays(definition, run.journal);
  });
});

describe("a step that is repeated sees what its first attempt saw", () => {
  test("it begins only when the time it was given is on disk", async () => {
    const times: number[] = [];
    const definition = workflow({ name: "w" }, async (ctx) => {
      const now = ctx.now();
      return ctx.step("stamp", () => {
        times.push(now);
        return now;
      });
    });
    const run = await new SingleRun(definition).start();
    const [recorded, stamped] = run.journal.slice(1);
    expect([recorded?.kind, stamped?.kind]).toEqual(["value.recorded", "step.completed"]);
    expect(times.length).toBe(1);
    const before = run.journal.slice(0, 2);
    const again = await SingleRun.replay(definition, before);
    expect(new Set(times).size).toBe(1);
    expect(decode(outputsOf(again)[0])).toBe(times[0]);
  });

  test("a time limit ends an attempt, and the next one is told that it may have run", async () => {
    const seen: [number, boolean, boolean][] = [];
    const definition = workflow({ name: "w", retry: { initialMs: 10 } }, async (ctx) =>
      ctx.step(
        "slow",
        ({ attempt, maybeRan, signal }) => {
          seen.push([attempt, maybeRan, signal.aborted]);
          return attempt === 2 ? "done" : new Promise<never>(() => undefined);
        },
        { timeout: "5s" },
      ),
    );
    const run = await new SingleRun(definition).start();
    await run.pass(10_000);
    expect(run.outcome?.status).toBe("completed");
    expect(seen).toEqual([
      [1, false, false],
      [2, true, false],
    ]);
    const failed = run.journal.find((event) => event.kind === "step.failed");
    expect(failed?.failure.code).toBe("timeout-start-to-close");
  });
});
