/** What users write, over the real engine in virtual time. */
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  ChildError,
  handler,
  object,
  PerdureError,
  PermanentError,
  RunFailedError,
  shape,
  shared,
  StepError,
  task,
  workflow,
  type FailureError,
  type Perdure,
  type RunId,
} from "./index.ts";
import { testEnvironment, type TestEnvironment, type TestOptions } from "./testing/index.ts";

let env: TestEnvironment | undefined;

async function openTest(options: TestOptions): Promise<Perdure> {
  env = await testEnvironment(options);
  return env.perdure;
}

afterEach(async () => {
  await env?.close();
  env = undefined;
});

const echo = workflow({ name: "echo" }, async (_ctx, input: unknown) => input);
const failing = workflow({ name: "failing" }, async (ctx) => {
  await ctx.step("bad", () => Promise.reject(new PermanentError("no", { code: "declined" })));
});

describe("starting runs", () => {
  test("a run's result is what its code returned", async () => {
    const perdure = await openTest({ workflows: [echo] });
    const run = await perdure.start(echo, { input: { deep: [1, "two", null] } });
    expect(await run.result()).toEqual({ deep: [1, "two", null] });
    expect(await (await perdure.start(echo)).result()).toBeUndefined();
  });

  test("a run that fails throws at its caller, with the cause", async () => {
    const perdure = await openTest({ workflows: [failing] });
    const error = await (await perdure.start(failing)).result().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RunFailedError);
    expect(error).toMatchObject({ code: "declined", status: "failed" });
    expect((error as RunFailedError).message).toContain('step "bad" failed: no');
  });

  test("an input that does not fit is refused before anything is written", async () => {
    const strict = workflow(
      { name: "strict", input: z.object({ items: z.array(z.object({ sku: z.string() })) }) },
      async (_ctx, { items }) => items.length,
    );
    const perdure = await openTest({ workflows: [strict] });
    const bad = { items: [{ sku: "a" }, { sku: 7 }] } as never;
    await expect(perdure.start(strict, { input: bad })).rejects.toThrow(/items\.1\.sku: /);
    expect(await perdure.count()).toBe(0);
    const good = await perdure.start(strict, { input: { items: [{ sku: "a" }] } });
    expect(await good.result()).toBe(1);
  });

  test("a second start under an id finds the open run, a request id finds any", async () => {
    const waiting = workflow({ name: "waiting" }, (ctx) => ctx.waitFor("go"));
    const perdure = await openTest({ workflows: [waiting] });
    const first = await perdure.start(waiting, { id: "one", requestId: "r" });
    expect((await perdure.start(waiting, { id: "one" })).runId).toBe(first.runId);
    await expect(perdure.start(waiting, { id: "one", conflict: "fail" })).rejects.toThrow(
      PerdureError,
    );
    await first.signal("go", 5);
    expect(await first.result()).toBe(5);
    expect((await perdure.start(waiting, { id: "one", requestId: "r" })).runId).toBe(first.runId);
    expect((await perdure.start(waiting, { id: "one" })).runId).not.toBe(first.runId);
  });

  test("a delayed start begins after its delay", async () => {
    const clock = workflow({ name: "clock" }, async (ctx) => ctx.now());
    const perdure = await openTest({ workflows: [clock] });
    const before = env!.now;
    const run = await perdure.start(clock, { delay: "2h" });
    expect(await run.result()).toBeGreaterThanOrEqual(before + 7_200_000);
  });

  test("runs are found by id, listed by attribute, and say what they wait for", async () => {
    const tagged = workflow({ name: "tagged" }, async (ctx, tag: string) => {
      ctx.attributes({ tag });
      ctx.progress(0.5, "half way");
      await ctx.waitFor("go");
    });
    const perdure = await openTest({ workflows: [tagged, echo] });
    await perdure.start(tagged, { id: "a", input: "red" });
    await perdure.start(tagged, { id: "b", input: "blue" });
    await env!.settle();
    const { runs } = await perdure.list({ attributes: { tag: "blue" }, status: ["open"] });
    expect(runs.map(({ key }) => key)).toEqual(["b"]);
    const found = await perdure.get(tagged, { id: "b" });
    expect(found.id).toBe("b");
    expect((await found.why()).waiting).toMatchObject([{ on: "signal" }]);
    await expect(perdure.get(echo, { id: "b" })).rejects.toThrow(/of workflow "tagged"/);
    await expect(perdure.get(tagged, { id: "none" })).rejects.toThrow(/no run/);
    expect((await found.describe()).row.workflow).toBe("tagged");
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
    const perdure = await openTest({ workflows: [counter] });
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
    const perdure = await openTest({ workflows: [counter] });
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
    const perdure = await openTest({ workflows: [asking] });
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
      return [await kept.result, (error as FailureError).message];
    });
    const perdure = await openTest({ workflows: [asking] });
    const run = await perdure.start(asking);
    await env!.settle();
    const { attributes } = (await perdure.list()).runs[0]!;
    expect(attributes["kept"]).toBe(`${run.runId}/kept`);
    await perdure.rejectPromise(attributes["broken"] as string, "no time");
    await perdure.resolvePromise(attributes["kept"] as string, 7);
    await perdure.resolvePromise(attributes["kept"] as string, 8);
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
    const perdure = await openTest({ workflows: [parent, echo, failing] });
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
    const perdure = await openTest({ workflows: [parent, child] });
    const run = await perdure.start(parent);
    await env!.settle();
    await run.cancel();
    await expect(run.result()).rejects.toMatchObject({ status: "cancelled" });
    const { runs } = await perdure.list({ workflow: "child" });
    expect(runs.map(({ status }) => status)).toEqual(["cancelled"]);
  });

  test("sends, signals and cancels go out once, and nobody waits for them", async () => {
    const target = workflow({ name: "target" }, async (ctx) => ctx.waitFor("go"));
    const sender = workflow({ name: "sender" }, async (ctx, runId: RunId) => {
      ctx.send(echo, "sent", { id: "sent" });
      ctx.sendLater("1h", echo, "later", { id: "later" });
      ctx.signal({ runId }, "go", "from the sender");
      ctx.cancel({ id: "other" });
    });
    const perdure = await openTest({ workflows: [target, sender, echo] });
    const waiting = await perdure.start(target);
    const other = await perdure.start(target, { id: "other" });
    await (await perdure.start(sender, { input: waiting.runId })).result();
    expect(await waiting.result()).toBe("from the sender");
    await expect(other.result()).rejects.toMatchObject({ status: "cancelled" });
    await env!.advance("2h");
    expect(await (await perdure.get(echo, { id: "later" })).result()).toBe("later");
  });

  test("continueAsNew goes on with a fresh journal, and the caller gets the last result", async () => {
    const countdown = workflow({ name: "countdown" }, async (ctx, n: number): Promise<string> => {
      await ctx.step("work", () => n);
      if (n > 0) return ctx.continueAsNew(n - 1);
      return `done, first was ${ctx.info.firstRunId === ctx.info.runId ? "this" : "another"}`;
    });
    const perdure = await openTest({ workflows: [countdown] });
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
    const perdure = await openTest({ workflows: [chain] });
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
    const perdure = await openTest({ workflows: [caller], tasks: [flaky] });
    expect(await (await perdure.start(caller)).result()).toEqual({ n: 42 });
    expect(seen).toEqual([
      [1, undefined, true],
      [2, { reached: 1 }, true],
      [3, { reached: 2 }, true],
    ]);
  });

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
    const perdure = await openTest({ workflows: [caller], tasks: [broken] });
    expect(await (await perdure.start(caller)).result()).toEqual(["broken", "paper", 1]);
  });
});

describe("objects", () => {
  const account = object({
    name: "account",
    handlers: {
      deposit: handler(async (ctx, amount: number) => {
        const before = (await ctx.state.get<number>("balance")) ?? 0;
        await ctx.sleep(10);
        ctx.state.set("balance", before + amount);
        return (await ctx.state.get<number>("balance")) ?? 0;
      }),
      close: handler(async (ctx) => ctx.state.clear()),
      balance: shared(async (ctx) => (await ctx.state.get<number>("balance")) ?? 0),
      cheat: shared(async (ctx) => ctx.state.set("balance", 1_000)),
      whoami: shared(async (ctx) => ctx.key),
    },
  });

  test("exclusive handlers take turns, and state outlives them", async () => {
    const perdure = await openTest({ objects: [account] });
    const mine = perdure.object(account, "mine");
    await Promise.all([1, 2, 3, 4].map((amount) => mine.deposit(amount)));
    expect(await mine.balance()).toBe(10);
    expect(await perdure.object(account, "other").balance()).toBe(0);
    expect(await mine.whoami()).toBe("mine");
    await mine.close();
    expect(await mine.balance()).toBe(0);
  });

  test("the names of their entries are known to later runs, in any script", async () => {
    const drawer = object({
      name: "drawer",
      handlers: {
        put: handler(async (ctx, name: string) => ctx.state.set(name, 1)),
        names: shared((ctx) => ctx.state.keys()),
      },
    });
    const perdure = await openTest({ objects: [drawer] });
    const mine = perdure.object(drawer, "mine");
    for (const name of ["tea", "çay", "茶", "🫖"]) await mine.put(name);
    expect([...(await mine.names())].toSorted()).toEqual(["tea", "çay", "茶", "🫖"].toSorted());
  });

  test("a shared handler cannot write", async () => {
    const perdure = await openTest({ objects: [account] });
    await expect(perdure.object(account, "a").cheat()).rejects.toThrow(
      /shared handler cannot write/,
    );
  });

  test("workflows call them, and send to them", async () => {
    const payday = workflow({ name: "payday" }, async (ctx) => {
      ctx.object(account, "p").send.deposit(1);
      return ctx.object(account, "p").deposit(2);
    });
    const perdure = await openTest({ workflows: [payday], objects: [account] });
    expect(await (await perdure.start(payday)).result()).toBe(3);
  });
});

describe("the bus and the calendar", () => {
  test("an event resumes those who wait for it and starts those it triggers", async () => {
    const waiting = workflow({ name: "waiting" }, async (ctx, order: string) => {
      return ctx.waitForEvent("paid", {
        match: { order },
        schema: z.object({ cents: z.number() }),
      });
    });
    const audit = workflow(
      { name: "audit", triggers: [{ event: "paid", match: { audit: true } }] },
      async (_ctx, event: { order: string }) => event.order,
    );
    const perdure = await openTest({ workflows: [waiting, audit] });
    const a = await perdure.start(waiting, { input: "a" });
    const b = await perdure.start(waiting, { input: "b" });
    await env!.settle();
    await perdure.publish("paid", { order: "b", cents: 5, audit: true }, { id: "e1" });
    await perdure.publish("paid", { order: "b", cents: 5, audit: true }, { id: "e1" });
    expect(await b.result()).toEqual({ cents: 5 });
    await env!.settle();
    expect(await perdure.count({ workflow: audit })).toBe(1);
    await perdure.publish("paid", { order: "a", cents: 6 });
    expect(await a.result()).toEqual({ cents: 6 });
    expect(await perdure.count({ workflow: audit })).toBe(1);
  });

  test("an input that nobody could check before fails the run, and says where", async () => {
    const strict = workflow(
      { name: "strict", input: z.object({ cents: z.number() }), triggers: [{ event: "paid" }] },
      async () => "ran",
    );
    const perdure = await openTest({ workflows: [strict] });
    await perdure.publish("paid", { cents: "many" });
    await env!.settle();
    const [row] = (await perdure.list()).runs;
    const run = await perdure.get(strict, { runId: row!.runId });
    await expect(run.result()).rejects.toThrow(/input of workflow "strict" is not valid: cents: /);
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
