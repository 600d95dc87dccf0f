/** What users write, wherever the engine is. */
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  ChildError,
  PerdureError,
  PermanentError,
  RunFailedError,
  shape,
  StepError,
  task,
  workflow,
  type FailureError,
  type Perdure,
  type RunHandle,
  type RunId,
} from "./index.ts";
import { busScenarios, objectScenarios } from "./sharing-scenarios.test-support.ts";
import type { Definitions } from "./worker/registry.ts";

/** Perdure with code, and the time that passes there. */
export interface Setting {
  readonly perdure: Perdure;
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

export function perdureScenarios(
  title: string,
  open: (code: Definitions) => Promise<Setting>,
): void {
  describe(title, () => {
    let setting: Setting | undefined;

    async function openWith(code: Definitions): Promise<Perdure> {
      setting = await open(code);
      return setting.perdure;
    }

    /** Until it is so: what was asked for is done elsewhere, a moment later. */
    async function until(isSo: () => Promise<boolean>): Promise<void> {
      while (!(await isSo())) await setting!.pass(5);
    }

    const waitsOn = async (run: Pick<RunHandle, "why">, on: string): Promise<boolean> =>
      (await run.why()).waiting.some((wait) => wait.on === on);

    afterEach(async () => {
      await setting?.close();
      setting = undefined;
    });

    const echo = workflow({ name: "echo" }, async (_ctx, input: unknown) => input);
    const failing = workflow({ name: "failing" }, async (ctx) => {
      await ctx.step("bad", () => Promise.reject(new PermanentError("no", { code: "declined" })));
    });

    describe("starting runs", () => {
      test("a run's result is what its code returned", async () => {
        const perdure = await openWith({ workflows: [echo] });
        const run = await perdure.start(echo, { input: { deep: [1, "two", null] } });
        expect(await run.result()).toEqual({ deep: [1, "two", null] });
        expect(await (await perdure.start(echo)).result()).toBeUndefined();
      });

      test("a run that fails throws at its caller, with the cause", async () => {
        const perdure = await openWith({ workflows: [failing] });
        const error = await (
          await perdure.start(failing)
        )
          .result()
          .catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(RunFailedError);
        expect(error).toMatchObject({ code: "declined", status: "failed" });
        expect((error as RunFailedError).message).toContain('step "bad" failed: no');
      });

      test("an input that does not fit is refused before anything is written", async () => {
        const strict = workflow(
          { name: "strict", input: z.object({ items: z.array(z.object({ sku: z.string() })) }) },
          async (_ctx, { items }) => items.length,
        );
        const perdure = await openWith({ workflows: [strict] });
        const bad = { items: [{ sku: "a" }, { sku: 7 }] } as never;
        await expect(perdure.start(strict, { input: bad })).rejects.toThrow(/items\.1\.sku: /);
        expect(await perdure.count()).toBe(0);
        const good = await perdure.start(strict, { input: { items: [{ sku: "a" }] } });
        expect(await good.result()).toBe(1);
      });

      test("a second start under an id finds the open run, a request id finds any", async () => {
        const waiting = workflow({ name: "waiting" }, (ctx) => ctx.waitFor("go"));
        const perdure = await openWith({ workflows: [waiting] });
        const first = await perdure.start(waiting, { id: "one", requestId: "r" });
        expect((await perdure.start(waiting, { id: "one" })).runId).toBe(first.runId);
        await expect(perdure.start(waiting, { id: "one", conflict: "fail" })).rejects.toThrow(
          PerdureError,
        );
        await first.signal("go", 5);
        expect(await first.result()).toBe(5);
        expect((await perdure.start(waiting, { id: "one", requestId: "r" })).runId).toBe(
          first.runId,
        );
        expect((await perdure.start(waiting, { id: "one" })).runId).not.toBe(first.runId);
      });

      test("many are started at once; one that does not fit keeps no other out", async () => {
        const square = workflow(
          { name: "square", input: z.object({ n: z.number() }) },
          async (_ctx, { n }) => n * n,
        );
        const perdure = await openWith({ workflows: [square] });
        const inputs = Array.from({ length: 1_500 }, (_, n) => ({ n }));
        const items = [...inputs.slice(0, 700), { n: "seven" } as never, ...inputs.slice(700)];
        const many = items.map((input, at) => ({ input, id: `square-${at}` }));
        const started = await perdure.startMany(square, many);
        expect(started[700]?.error).toMatchObject({ code: "invalid-argument" });
        const runs = started.flatMap(({ run }) => run ?? []);
        expect(runs.map(({ id }) => id)).toEqual(
          many.filter((_, at) => at !== 700).map(({ id }) => id),
        );
        for (const n of [0, 699, 700, 1_499]) expect(await runs[n]?.result()).toBe(n * n);
        const again = await perdure.startMany(square, [{ input: { n: 2 }, id: "a" }]);
        expect(again).toMatchObject([{ existing: false, run: { id: "a" } }]);
      });

      test("runs are found by id, listed by attribute, and say what they wait for", async () => {
        const tagged = workflow({ name: "tagged" }, async (ctx, tag: string) => {
          ctx.attributes({ tag });
          ctx.progress(0.5, "half way");
          await ctx.waitFor("go");
        });
        const perdure = await openWith({ workflows: [tagged, echo] });
        await perdure.start(tagged, { id: "a", input: "red" });
        await perdure.start(tagged, { id: "b", input: "blue" });
        const blue = { attributes: { tag: "blue" }, status: ["open"] } as const;
        await until(async () => (await perdure.count(blue)) > 0);
        expect((await perdure.list(blue)).runs.map(({ key }) => key)).toEqual(["b"]);
        const found = await perdure.get(tagged, { id: "b" });
        await until(() => waitsOn(found, "signal"));
        expect(found.id).toBe("b");
        expect((await found.why()).waiting).toMatchObject([{ on: "signal" }]);
        await expect(perdure.get(echo, { id: "b" })).rejects.toThrow(/of workflow "tagged"/);
        await expect(perdure.get(tagged, { id: "none" })).rejects.toThrow(/no run/);
        expect((await found.describe()).row.workflow).toBe("tagged");
      });

      test("a run can be paused, resumed, cancelled and terminated", async () => {
        const waiting = workflow({ name: "waiting" }, (ctx) => ctx.waitFor("go"));
        const perdure = await openWith({ workflows: [waiting] });
        const paused = await perdure.start(waiting);
        await paused.pause("look at it");
        await paused.signal("go", "on");
        expect(await waitsOn(paused, "person")).toBe(true);
        await paused.resume();
        expect(await paused.result()).toBe("on");
        const cancelled = await perdure.start(waiting);
        await cancelled.cancel("enough");
        await expect(cancelled.result()).rejects.toMatchObject({
          status: "cancelled",
          code: "cancelled",
        });
        const terminated = await perdure.start(waiting);
        await terminated.terminate("now");
        await expect(terminated.result()).rejects.toMatchObject({ status: "terminated" });
      });
    });

    describe("messages", () => {
      const counter = workflow(
        {
          name: "counter",
          signals: { end: shape<string>() },
          queries: { total: { output: z.number() } },
          updates: { add: { input: z.number().int(), output: z.number() } },
        },
        async (ctx) => {
          let total = 0;
          ctx.onQuery("total", () => total);
          ctx.onUpdate(
            "add",
            async (n) => {
              total += await ctx.step("check", () => n);
              return total;
            },
            {
              validate: (n) => {
                if (n < 0) throw new Error("only upwards");
              },
            },
          );
          const reason = await ctx.waitFor("end");
          return { total, reason };
        },
      );

      test("an update is validated, handled and answered; a query sees its effect", async () => {
        const perdure = await openWith({ workflows: [counter] });
        const run = await perdure.start(counter);
        expect(await run.query("total")).toBe(0);
        expect(await run.update("add", 5)).toBe(5);
        expect(await run.update("add", 6, { id: "same" })).toBe(11);
        expect(await run.update("add", 6, { id: "same" })).toBe(11);
        expect(await run.query("total")).toBe(11);
        await run.signal("end", "done");
        expect(await run.result()).toEqual({ total: 11, reason: "done" });
        expect(await run.query("total")).toBe(11);
      });

      test("a refused update leaves no trace, and says why", async () => {
        const perdure = await openWith({ workflows: [counter] });
        const run = await perdure.start(counter);
        await expect(run.update("add", -1)).rejects.toMatchObject({
          code: "update-rejected",
          message: "only upwards",
        });
        await expect(run.update("add", 1.5)).rejects.toMatchObject({ code: "invalid-argument" });
        await expect(run.update("nope")).rejects.toThrow(/it has: add/);
        await expect(run.query("nope")).rejects.toMatchObject({ code: "query-failed" });
        expect((await run.journal()).map(({ kind }) => kind)).not.toContain("update.accepted");
      });

      test("a signal that does not fit is refused, and one that slips by is waited past", async () => {
        const asking = workflow(
          { name: "asking", signals: { approval: z.object({ ok: z.boolean() }) } },
          async (ctx) => (await ctx.waitFor("approval")).ok,
        );
        const perdure = await openWith({ workflows: [asking] });
        const run = await perdure.start(asking, { id: "ask" });
        await expect(run.signal("approval", { ok: "yes" } as never)).rejects.toThrow(/ok: /);
        await perdure.signal({ id: "ask" }, "approval", { ok: "yes" });
        await perdure.signal({ id: "ask" }, "approval", { ok: true });
        expect(await run.result()).toBe(true);
      });

      test("a durable promise is kept or broken from outside", async () => {
        const asking = workflow({ name: "asking" }, async (ctx) => {
          const kept = ctx.promise<number>("kept");
          const broken = ctx.promise();
          ctx.attributes({ kept: kept.id, broken: broken.id });
          const error = await broken.result.catch((thrown: unknown) => thrown as FailureError);
          const value = await kept.result;
          // A run that is over takes nothing more, not even what it has already.
          await ctx.waitFor("end");
          return [value, (error as FailureError).message];
        });
        const perdure = await openWith({ workflows: [asking] });
        const run = await perdure.start(asking);
        const attributesNow = async () => (await run.describe()).row.attributes;
        await until(async () => "kept" in (await attributesNow()));
        const attributes = await attributesNow();
        expect(attributes["kept"]).toBe(`${run.runId}/kept`);
        await perdure.rejectPromise(attributes["broken"] as string, "no time");
        await perdure.resolvePromise(attributes["kept"] as string, 7);
        await perdure.resolvePromise(attributes["kept"] as string, 8);
        await perdure.signal({ runId: run.runId }, "end");
        expect(await run.result()).toEqual([7, "no time"]);
        await expect(perdure.resolvePromise("x")).rejects.toThrow(/not the id of a promise/);
      });
    });

    describe("other runs", () => {
      test("a call gives the child's result, or its failure", async () => {
        const parent = workflow({ name: "parent" }, async (ctx) => {
          const value = await ctx.call(echo, "hello", { id: "child" });
          const error = await ctx.call(failing).catch((thrown: unknown) => thrown);
          const { code, workflow: of } = error as ChildError;
          return [value, error instanceof ChildError, code, of];
        });
        const perdure = await openWith({ workflows: [parent, echo, failing] });
        const run = await perdure.start(parent);
        expect(await run.result()).toEqual(["hello", true, "declined", "failing"]);
      });

      test("cancelling the parent cancels the child it waits for", async () => {
        const child = workflow({ name: "child" }, async (ctx) => {
          await ctx.waitFor("never");
        });
        const parent = workflow({ name: "parent" }, async (ctx) => {
          await ctx.call(child, undefined, { id: "child" });
        });
        const perdure = await openWith({ workflows: [parent, child] });
        const run = await perdure.start(parent);
        await until(async () => (await perdure.count({ workflow: "child" })) > 0);
        await run.cancel();
        await expect(run.result()).rejects.toMatchObject({ status: "cancelled" });
        const cancelled = { workflow: "child", status: ["cancelled"] } as const;
        await until(async () => (await perdure.count(cancelled)) === 1);
      });

      test("sends, signals and cancels go out once, and nobody waits for them", async () => {
        const target = workflow({ name: "target" }, async (ctx) => ctx.waitFor("go"));
        const sender = workflow({ name: "sender" }, async (ctx, runId: RunId) => {
          ctx.send(echo, "sent", { id: "sent" });
          ctx.sendLater("40ms", echo, "later", { id: "later" });
          ctx.signal({ runId }, "go", "from the sender");
          ctx.cancel({ id: "other" });
        });
        const perdure = await openWith({ workflows: [target, sender, echo] });
        const waiting = await perdure.start(target);
        const other = await perdure.start(target, { id: "other" });
        await (await perdure.start(sender, { input: waiting.runId })).result();
        expect(await waiting.result()).toBe("from the sender");
        await expect(other.result()).rejects.toMatchObject({ status: "cancelled" });
        await until(async () => (await perdure.count({ id: "later" })) > 0);
        expect(await (await perdure.get(echo, { id: "later" })).result()).toBe("later");
      });

      test("continueAsNew goes on with a fresh journal, and the caller gets the last result", async () => {
        const countdown = workflow(
          { name: "countdown" },
          async (ctx, n: number): Promise<string> => {
            await ctx.step("work", () => n);
            if (n > 0) return ctx.continueAsNew(n - 1);
            return `done, first was ${ctx.info.firstRunId === ctx.info.runId ? "this" : "another"}`;
          },
        );
        const perdure = await openWith({ workflows: [countdown] });
        const run = await perdure.start(countdown, { id: "c", input: 3 });
        expect(await run.result()).toBe("done, first was another");
        expect(await perdure.count({ status: ["continued"] })).toBe(3);
      });

      test("a fork takes another way from any event", async () => {
        const chain = workflow({ name: "chain" }, async (ctx) => {
          const dice = ctx.random();
          const a = await ctx.step("a", () => 1);
          const b = await ctx.step("b", () => a + 1);
          return { a, b, dice };
        });
        const perdure = await openWith({ workflows: [chain] });
        const run = await perdure.start(chain);
        const first = await run.result();
        const at = (await run.journal()).find((event) => event.kind === "step.completed")!.seq;
        const fork = await run.fork({ at, set: { a: 10 } });
        expect(await fork.result()).toEqual({ a: 10, b: 11, dice: first.dice });
      });
    });

    describe("tasks", () => {
      test("a task runs on a worker of its queue, and is tried again", async () => {
        const seen: unknown[] = [];
        const flaky = task(
          {
            name: "flaky",
            queue: "slow",
            retry: { initialMs: 50 },
            output: z.object({ n: z.number() }),
          },
          async (input: { n: number }, { attempt, idempotencyKey, lastHeartbeat, ...context }) => {
            seen.push([attempt, lastHeartbeat, idempotencyKey.endsWith(":flaky")]);
            context.heartbeat({ reached: attempt });
            await new Promise((resolve) => void setImmediate(resolve));
            if (attempt < 3) throw new Error("not yet");
            return { n: input.n * 2 };
          },
        );
        const caller = workflow({ name: "caller" }, (ctx) => ctx.run(flaky, { n: 21 }));
        const perdure = await openWith({ workflows: [caller], tasks: [flaky] });
        expect(await (await perdure.start(caller)).result()).toEqual({ n: 42 });
        expect(seen).toEqual([
          [1, undefined, true],
          [2, { reached: 1 }, true],
          [3, { reached: 2 }, true],
        ]);
      });

      test("a task that fails for good is a StepError with its cause", async () => {
        const broken = task({ name: "broken" }, () => {
          throw new PermanentError("out of paper", { code: "paper", details: { tray: 2 } });
        });
        const caller = workflow({ name: "caller" }, async (ctx) => {
          const error = await ctx
            .run(broken, undefined)
            .catch((thrown: unknown) => thrown as StepError);
          return error instanceof StepError ? [error.step, error.code, error.attempt] : "none";
        });
        const perdure = await openWith({ workflows: [caller], tasks: [broken] });
        expect(await (await perdure.start(caller)).result()).toEqual(["broken", "paper", 1]);
      });
    });

    objectScenarios({ openWith, until, waitsOn });
    busScenarios({ openWith, until, waitsOn });
  });
}
