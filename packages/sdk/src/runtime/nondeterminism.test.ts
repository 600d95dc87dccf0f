import { describe, expect, test } from "vitest";
import { workflow, type AnyWorkflow, type Context } from "../index.ts";
import { SingleRun } from "../testing/single-run.test-support.ts";

type Body = (ctx: Context) => Promise<unknown>;

const define = (body: Body): AnyWorkflow => workflow({ name: "w" }, body);

const original: Body = async (ctx) => {
  await ctx.step("validate", () => 1);
  await ctx.step("charge", () => 2);
  await ctx.sleep("1h");
  await ctx.step("mail", () => 3);
};

/** What the run says when its code was changed while it slept, or at the end of it. */
async function paused(changed: Body, through: "sleeping" | "done" = "done"): Promise<string> {
  const run = await new SingleRun(define(original)).start();
  if (through === "done") await run.pass(3_600_000);
  const replayed = await SingleRun.replay(define(changed), run.journal);
  const failure = replayed.answers.find((answer) => answer.failure)?.failure;
  if (through === "done") return failure?.message ?? replayed.logs[0]?.message ?? "";
  expect(failure?.code).toBe("nondeterminism");
  return failure?.message ?? "";
}

describe("code that is not the code that wrote the journal", () => {
  test("is told which step was recorded, which was asked for, and where", async () => {
    const message = await paused(async (ctx) => {
      await ctx.step("validate", () => 1);
      await ctx.step("refund", () => 2);
    }, "sleeping");
    expect(message).toContain('recorded: step "charge" (event 3)');
    expect(message).toContain('asked:    step "refund"');
    expect(message).toMatch(/at: .*nondeterminism\.test\.ts:\d+/);
    expect(message).toContain("ctx.patched");
  });

  test("is told that another kind of operation was recorded", async () => {
    const message = await paused(async (ctx) => {
      await ctx.step("validate", () => 1);
      await ctx.step("charge", () => 2);
      await ctx.waitFor("sleep");
    }, "sleeping");
    expect(message).toContain('recorded: timer "sleep"');
    expect(message).toContain('asked:    wait "sleep" (signal sleep)');
  });

  test("is told that it ended before all that is recorded was asked for", async () => {
    const message = await paused(async (ctx) => {
      await ctx.step("validate", () => 1);
      await ctx.step("charge", () => 2);
    }, "sleeping");
    expect(message).toContain("the code ended before operation 3");
    expect(message).toContain('recorded: timer "sleep"');
  });

  test("is told that it came to rest before all that is recorded was asked for", async () => {
    const message = await paused(async (ctx) => {
      await ctx.step("validate", () => 1);
      await new Promise<never>(() => undefined);
    }, "sleeping");
    expect(message).toContain("the code came to rest before operation 2");
  });

  test("of a closed run is only logged: a closed run does not change", async () => {
    const message = await paused(async (ctx) => {
      await ctx.step("other", () => 1);
    });
    expect(message).toContain('asked:    step "other"');
  });

  test("pauses the run, which goes on when the code is put back", async () => {
    const first = await new SingleRun(define(original)).start();
    const second = await SingleRun.replay(
      define(async (ctx) => ctx.step("x", () => 1)),
      first.journal,
    );
    expect(second.answers).toMatchObject([{ commands: [], failure: { code: "nondeterminism" } }]);
    await first.tell({ type: "run.answer", answer: second.answers[0]! });
    expect(first.state.paused?.reason).toBe("nondeterminism");
    first.kill();
    await first.tell({ type: "run.resume" });
    first.activate();
    await first.pass(3_600_000);
    expect(first.outcome?.status).toBe("completed");
  });
});

describe("code that something else than the journal has woken", () => {
  test("is told to do such things in a step", async () => {
    const run = await new SingleRun(
      define(async (ctx) => {
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
        await ctx.step("late", () => 1);
      }),
    ).start();
    expect(run.state.paused?.message).toContain(
      'asked for step "late" when nothing in the journal',
    );
    expect(run.state.paused?.message).toMatch(/nondeterminism\.test\.ts:\d+/);
  });

  test("is told the same when ctx is used inside of a step", async () => {
    const run = await new SingleRun(
      define(async (ctx) => {
        await ctx.step("outer", async () => {
          await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
          return ctx.step("inner", () => 1);
        });
      }),
    ).start();
    expect(run.state.paused?.reason).toBe("nondeterminism");
    expect(run.state.paused?.message).toContain("inside of a step's function");
  });
});

describe("versions", () => {
  const changed: Body = async (ctx) => {
    await ctx.step("validate", () => 1);
    const isNew = ctx.patched("no-charge");
    if (!isNew) await ctx.step("charge", () => 2);
    await ctx.sleep("1h");
    await ctx.step("mail", () => 3);
    return [isNew, ctx.patched("no-charge"), ctx.version("format", 1, 3)];
  };

  test("a run that passed here before the change keeps the old code", async () => {
    const run = await new SingleRun(define(original)).start();
    const replayed = await SingleRun.replay(define(changed), run.journal);
    expect(replayed.answers).toEqual([]);
  });

  test("a new run takes the new code, and replays it", async () => {
    const run = await new SingleRun(define(changed)).start();
    await run.pass(3_600_000);
    expect(run.outcome?.status).toBe("completed");
    expect(run.journal.filter(({ kind }) => kind === "step.completed").length).toBe(2);
    const output = (run.outcome as { output: { data: Uint8Array } }).output;
    expect(new TextDecoder().decode(output.data)).toBe("[true,true,3]");
    const replayed = await SingleRun.replay(define(changed), run.journal);
    expect(replayed.logs).toEqual([]);
  });

  test("a version that the code no longer knows pauses the run", async () => {
    const at = (max: number) =>
      define(async (ctx) => {
        ctx.version("format", max, max);
        await ctx.sleep("1h");
      });
    const run = await new SingleRun(at(1)).start();
    const replayed = await SingleRun.replay(at(2), run.journal);
    expect(replayed.answers[0]?.failure?.message).toContain('version 1 of "format"');
  });
});
