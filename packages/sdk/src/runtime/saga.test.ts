import { describe, expect, test } from "vitest";
import { CancelledError, PermanentError, workflow } from "../index.ts";
import { expectReplays } from "../testing/expect-replays.test-support.ts";
import { SingleRun } from "../testing/single-run.test-support.ts";

const soon = () => new Promise<void>((resolve) => void setImmediate(resolve));

function booking(undone: string[], last: "fail" | "wait") {
  return workflow({ name: "booking", retry: { initialMs: 10 } }, async (ctx) => {
    for (const name of ["flight", "hotel", "car"]) {
      await ctx.step(name, () => `${name}-id`, {
        undo: (id, { idempotencyKey }) => {
          undone.push(`${id} by ${idempotencyKey.split(":").slice(1).join(":")}`);
        },
      });
    }
    if (last === "wait") await ctx.waitFor("confirmation");
    else await ctx.step("pay", () => Promise.reject(new PermanentError("declined")));
  });
}

const reversed = ["car-id by undo:car", "hotel-id by undo:hotel", "flight-id by undo:flight"];

describe("a run that fails takes back what it did", () => {
  test("in reverse order, each as a step of its own", async () => {
    const undone: string[] = [];
    const definition = booking(undone, "fail");
    const run = await new SingleRun(definition).start();
    expect(run.outcome).toMatchObject({ status: "failed", failure: { code: "PermanentError" } });
    expect(undone).toEqual(reversed);
    await expectReplays(definition, run.journal);
  });

  test("when it is cancelled, shielded from the cancellation", async () => {
    const undone: string[] = [];
    const definition = booking(undone, "wait");
    const run = await new SingleRun(definition).start();
    await run.tell({ type: "run.cancel", reason: "changed my mind" });
    expect(run.outcome).toMatchObject({
      status: "cancelled",
      failure: { code: "cancelled", message: "changed my mind" },
    });
    expect(undone).toEqual(reversed);
    await expectReplays(definition, run.journal);
  });

  test("even a step that was still running when another one failed", async () => {
    const undone: string[] = [];
    const definition = workflow({ name: "w" }, async (ctx) => {
      await Promise.all([
        ctx.step(
          "slow",
          async () => {
            for (let i = 0; i < 10; i++) await soon();
            return "made";
          },
          { undo: (result) => void undone.push(result) },
        ),
        ctx.step("bad", () => Promise.reject(new PermanentError("no"))),
      ]);
    });
    const run = await new SingleRun(definition).start();
    expect(run.outcome?.status).toBe("failed");
    expect(undone).toEqual(["made"]);
    await expectReplays(definition, run.journal);
  });

  test("again and again until it is taken back", async () => {
    let attempts = 0;
    const definition = workflow({ name: "w", retry: { initialMs: 10 } }, async (ctx) => {
      await ctx.step("make", () => 1, {
        undo: () => {
          attempts += 1;
          if (attempts < 4) throw new Error("not now");
        },
      });
      throw new PermanentError("no");
    });
    const run = await new SingleRun(definition).start();
    expect(run.outcome).toBeUndefined();
    await run.pass(1000);
    expect(attempts).toBe(4);
    expect(run.outcome?.status).toBe("failed");
  });

  test("or waits for a person when it cannot be taken back", async () => {
    let isCured = false;
    const definition = workflow({ name: "w" }, async (ctx) => {
      await ctx.step("make", () => 1, {
        undo: () => {
          if (!isCured) throw new PermanentError("the account is closed");
        },
      });
      throw new PermanentError("no");
    });
    const run = await new SingleRun(definition).start();
    expect(run.state.paused).toMatchObject({ reason: "exhausted", key: "undo:make" });
    isCured = true;
    await run.tell({ type: "run.resume" });
    expect(run.outcome?.status).toBe("failed");
    await expectReplays(definition, run.journal);
  });
});

describe("a cancellation", () => {
  test("reaches timers, waits and steps, and code may clean up in a shield", async () => {
    const seen: string[] = [];
    const definition = workflow({ name: "w" }, async (ctx) => {
      const watch = (name: string, promise: Promise<unknown>) =>
        promise.catch((error: unknown) => {
          seen.push(`${name}: ${(error as Error).name}`);
        });
      await Promise.all([
        watch("timer", ctx.sleep("1d")),
        watch("wait", ctx.waitFor("never")),
        watch(
          "step",
          ctx.step("stuck", ({ signal }) => {
            return new Promise((_, reject) => {
              signal.addEventListener("abort", () => reject(signal.reason as Error));
            });
          }),
        ),
      ]);
      seen.push(await ctx.step("after", () => "ran").catch(() => "refused"));
      const cleaned = await ctx.shielded(async (inner) => inner.step("clean", () => "cleaned"));
      seen.push(cleaned);
      ctx.cancellation.check();
    });
    const run = await new SingleRun(definition).start();
    await run.tell({ type: "run.cancel" });
    expect(run.outcome?.status).toBe("cancelled");
    expect(seen).toEqual([
      "timer: CancelledError",
      "wait: CancelledError",
      "step: CancelledError",
      "refused",
      "cleaned",
    ]);
    expect(run.kinds()).toEqual(expect.arrayContaining(["timer.cancelled", "wait.cancelled"]));
    await expectReplays(definition, run.journal);
  });

  test("of a step between its attempts ends the attempts", async () => {
    const definition = workflow({ name: "w" }, async (ctx) => {
      await ctx.step("down", () => Promise.reject(new Error("down")));
    });
    const run = await new SingleRun(definition).start();
    await run.tell({ type: "run.cancel" });
    expect(run.kinds()).toContain("step.cancelled");
    expect(run.outcome?.status).toBe("cancelled");
    await expectReplays(definition, run.journal);
  });

  test("of a scope ends that scope only", async () => {
    const definition = workflow({ name: "w" }, async (ctx) => {
      const watch = ctx.cancellable(async (inner) => {
        await inner.sleep("1d");
        return "slept";
      });
      await ctx.step("work", () => 1);
      watch.cancel("done first");
      const error = await watch.result.catch((thrown: unknown) => thrown);
      await ctx.sleep("1s");
      return [error instanceof CancelledError, (error as Error).message];
    });
    const run = await new SingleRun(definition).start();
    await run.pass(1000);
    expect(run.outcome?.status).toBe("completed");
    await expectReplays(definition, run.journal);
  });

  test("that the code ignores leaves the run to complete", async () => {
    const definition = workflow({ name: "w" }, async (ctx) =>
      ctx.sleep("1d").catch(() => undefined),
    );
    const run = await new SingleRun(definition).start();
    await run.tell({ type: "run.cancel" });
    expect(run.outcome?.status).toBe("completed");
  });
});
