import { afterEach, describe, expect, test } from "vitest";
import { task, workflow, type StepContext } from "perdure";
import { json, Stage, start, until, valueOf } from "./stream-rig.test-support.ts";

const stage = new Stage();

afterEach(() => stage.close());

describe("a worker over a WebSocket", () => {
  test("runs workflows, tasks, queries and updates as one in the process does", async () => {
    const double = task({ name: "double" }, async (n: number) => n * 2);
    const sums = workflow({ name: "sums" }, async (ctx, n: number) => {
      let sum = await ctx.step("first", () => n);
      sum += await ctx.run(double, n);
      ctx.onQuery("sum", () => sum);
      ctx.onUpdate("add", (more) => (sum += more as number));
      await ctx.waitFor("go");
      return sum;
    });
    const node = await stage.node();
    await stage.join(node.url, { workflows: [sums], tasks: [double] });
    const runId = await start(node, "sums", 2);
    await until(async () =>
      (await node.engine.journal(runId)).some(({ kind }) => kind === "wait.started"),
    );
    const asked = await node.engine.query({ runId }, "sum", json(null));
    expect(new TextDecoder().decode(asked.data)).toBe("6");
    const added = await node.engine.update({ runId }, "add", json(4));
    expect(new TextDecoder().decode(added!.data)).toBe("10");
    await node.engine.signal({ runId }, { name: "go" });
    expect(valueOf(await node.engine.outcome(runId))).toBe(10);
  });

  test("goes on after its connection was cut at any byte, and repeats no finished step", async () => {
    const ran = new Map<string, number>();
    const steps = workflow({ name: "steps" }, async (ctx) => {
      for (let i = 0; i < 20; i++) {
        await ctx.step(`s${i}`, () => {
          ran.set(`s${i}`, (ran.get(`s${i}`) ?? 0) + 1);
        });
      }
      return "done";
    });
    const node = await stage.node();
    const proxy = await stage.proxy(node);
    await stage.join(proxy.url, { workflows: [steps] });
    for (let cut = 0; cut < 24; cut++) {
      ran.clear();
      const before = proxy.connections;
      // In the middle of a frame, of one direction and then of the other.
      if (cut % 2 === 0) proxy.budget = { up: 40 + cut * 97, down: Infinity };
      else proxy.budget = { up: Infinity, down: 40 + cut * 131 };
      const runId = await start(node, "steps");
      expect(valueOf(await node.engine.outcome(runId))).toBe("done");
      expect([...ran.values()]).toEqual(Array(20).fill(1));
      const journal = await node.engine.journal(runId);
      expect(journal.some((event) => "maybeRan" in event)).toBe(false);
      if (proxy.budget.up === Infinity && proxy.budget.down === Infinity)
        await until(() => proxy.connections > before);
    }
    expect(proxy.connections).toBeGreaterThan(12);
  });
});

describe("a query or an update", () => {
  test("that is answered after the connection was cut has its answer, and is asked once", async () => {
    const gate = Promise.withResolvers<void>();
    let asked = 0;
    let added = 0;
    const sums = workflow({ name: "sums" }, async (ctx) => {
      let sum = 1;
      ctx.onQuery("sum", () => {
        asked++;
        return sum;
      });
      ctx.onUpdate("add", async (more) => {
        sum += await ctx.step("add", async () => {
          added++;
          await gate.promise;
          return more as number;
        });
        return sum;
      });
      await ctx.waitFor("go");
    });
    const node = await stage.node();
    const proxy = await stage.proxy(node);
    await stage.join(proxy.url, { workflows: [sums] });
    const runId = await start(node, "sums");
    const update = node.engine.update({ runId }, "add", json(2));
    await until(() => added === 1);
    const before = proxy.connections;
    // The answer of one and the question of the other find no connection.
    proxy.cut();
    gate.resolve();
    const query = node.engine.query({ runId }, "sum", json(null));
    expect(["1", "3"]).toContain(new TextDecoder().decode((await query).data));
    expect(new TextDecoder().decode((await update)!.data)).toBe("3");
    expect(proxy.connections).toBeGreaterThan(before);
    expect([asked, added]).toEqual([1, 1]);
  });
});

describe("when the server dies", () => {
  test("a finished step whose outcome it had not written is not run again", async () => {
    let ran = 0;
    const steps = workflow({ name: "steps" }, async (ctx) => {
      await ctx.step("one", () => "one");
      return ctx.step("two", async () => {
        ran++;
        // Its answer leaves while nothing listens.
        await first.kill();
        return "two";
      });
    });
    const first = await stage.node();
    const proxy = await stage.proxy(first);
    await stage.join(proxy.url, { workflows: [steps] });
    const runId = await start(first, "steps");
    await until(() => ran === 1 && proxy.connections > 1);
    const second = await stage.node({ disk: first.disk });
    proxy.target = second.port;
    expect(valueOf(await second.engine.outcome(runId))).toBe("two");
    expect(ran).toBe(1);
  });

  test("a finished task whose result it had not written is not run again", async () => {
    const ran: { attempt: number; maybeRan: boolean }[] = [];
    const slow = task({ name: "slow" }, async (_: unknown, { attempt, maybeRan }) => {
      ran.push({ attempt, maybeRan });
      await first.kill();
      return "slow";
    });
    const calls = workflow({ name: "calls" }, (ctx) =>
      ctx.run(slow, undefined, { retry: { initialMs: 1 } }),
    );
    const first = await stage.node();
    const proxy = await stage.proxy(first);
    await stage.join(proxy.url, { workflows: [calls], tasks: [slow] });
    const runId = await start(first, "calls");
    await until(() => ran.length === 1 && proxy.connections > 1);
    const second = await stage.node({ disk: first.disk });
    proxy.target = second.port;
    expect(valueOf(await second.engine.outcome(runId))).toBe("slow");
    expect(ran).toEqual([{ attempt: 1, maybeRan: false }]);
    const [done] = (await second.engine.journal(runId)).filter(
      ({ kind }) => kind === "step.completed",
    );
    expect(done).toMatchObject({ attempt: 2, maybeRan: true });
  });
});

describe("when the worker dies", () => {
  test("another one goes on after the lease, and is told what may have run", async () => {
    const seen: [string, boolean][] = [];
    let isDead = false;
    const step = (name: string) => async (context: StepContext) => {
      seen.push([name, context.maybeRan]);
      if (name === "two" && !isDead) await new Promise<never>(() => undefined);
      return name;
    };
    const steps = workflow({ name: "steps" }, async (ctx) => {
      await ctx.step("one", step("one"));
      return ctx.step("two", step("two"));
    });
    const node = await stage.node();
    const options = { taskSlots: 1, runSlots: 1, leaseMs: 600 };
    const proxy = await stage.proxy(node);
    await stage.join(proxy.url, { workflows: [steps] }, { options });
    const runId = await start(node, "steps");
    await until(() => seen.length === 2);
    isDead = true;
    await proxy.close();
    await stage.join(node.url, { workflows: [steps] }, { options });
    expect(valueOf(await node.engine.outcome(runId))).toBe("two");
    expect(seen).toEqual([
      ["one", false],
      ["two", false],
      ["two", true],
    ]);
  });

  test("a half-open connection is found by both sides and the session resumed", async () => {
    const echo = workflow({ name: "echo" }, async (_, input: unknown) => input);
    const node = await stage.node();
    const proxy = await stage.proxy(node);
    const options = { taskSlots: 1, runSlots: 1, leaseMs: 900 };
    await stage.join(proxy.url, { workflows: [echo] }, { options });
    const before = proxy.connections;
    proxy.silence();
    const runId = await start(node, "echo", "hello");
    await until(() => proxy.connections > before);
    expect(valueOf(await node.engine.outcome(runId))).toBe("hello");
  });
});

describe("a worker that drains", () => {
  test("finishes what it has, hands back what waits, and leaves", async () => {
    let finish: ((value: string) => void) | undefined;
    const slow = task({ name: "slow" }, () => new Promise<string>((end) => void (finish = end)));
    const waits = workflow({ name: "waits" }, async (ctx) => {
      const text = await ctx.run(slow, undefined);
      await ctx.waitFor("go");
      return text;
    });
    const node = await stage.node();
    const worker = await stage.join(node.url, { workflows: [waits], tasks: [slow] });
    const runId = await start(node, "waits");
    await until(() => finish !== undefined);
    let hasLeft = false;
    const leaving = worker.drain().then(() => (hasLeft = true));
    await start(node, "waits");
    expect(hasLeft).toBe(false);
    finish?.("finished");
    await leaving;
    await until(() => node.streams.sessions === 0);
    await stage.join(node.url, { workflows: [waits], tasks: [slow] });
    await node.engine.signal({ runId }, { name: "go" });
    expect(valueOf(await node.engine.outcome(runId))).toBe("finished");
  });

  test("is told by a server that closes, which waits for what is in progress", async () => {
    let finish: ((value: string) => void) | undefined;
    const slow = task({ name: "slow" }, () => new Promise<string>((end) => void (finish = end)));
    const calls = workflow({ name: "calls" }, (ctx) => ctx.run(slow, undefined));
    const first = await stage.node();
    const proxy = await stage.proxy(first);
    await stage.join(proxy.url, { workflows: [calls], tasks: [slow] });
    const runId = await start(first, "calls");
    await until(() => finish !== undefined);
    const closing = first.close();
    finish?.("in time");
    await closing;
    const second = await stage.node({ disk: first.disk });
    proxy.target = second.port;
    expect(valueOf(await second.engine.outcome(runId))).toBe("in time");
    const kinds = (await second.engine.journal(runId)).map(({ kind }) => kind);
    expect(kinds).not.toContain("step.failed");
  });
});

describe("a long journal", () => {
  test("comes in pages, and is replayed whole", async () => {
    const long = workflow({ name: "long" }, async (ctx) => {
      let sum = 0;
      for (let i = 0; i < 40; i++) {
        const parts = await Promise.all(
          Array.from({ length: 50 }, (_, n) => ctx.step(`s${i}-${n}`, () => "x".repeat(200))),
        );
        sum += parts.length;
      }
      await ctx.waitFor("go");
      return sum;
    });
    const node = await stage.node();
    const first = await stage.join(node.url, { workflows: [long] });
    const runId = await start(node, "long");
    const waits = async () =>
      (await node.engine.journal(runId, 2_000, 100)).some(({ kind }) => kind === "wait.started");
    await until(waits);
    await first.drain();
    await stage.join(node.url, { workflows: [long] });
    await node.engine.signal({ runId }, { name: "go" });
    expect(valueOf(await node.engine.outcome(runId))).toBe(2_000);
  });
});

test("a worker that is closed leaves at once: its runs do not wait for its lease", async () => {
  const echo = workflow({ name: "echo" }, async (_, input: unknown) => input);
  const node = await stage.node();
  const worker = await stage.join(node.url, { workflows: [echo] });
  expect(node.streams.sessions).toBe(1);
  worker.close();
  await until(() => node.streams.sessions === 0);
  const runId = await start(node, "echo", 7);
  await stage.join(node.url, { workflows: [echo] });
  expect(valueOf(await node.engine.outcome(runId))).toBe(7);
});
