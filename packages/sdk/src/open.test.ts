/** A process that ends and begins again, over one SQLite file. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { open, task, workflow } from "./index.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "perdure-open-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("a run goes on where it was when its process ended", async () => {
  const calls: string[] = [];
  const order = workflow({ name: "order" }, async (ctx, id: string) => {
    const charge = await ctx.step("charge", ({ idempotencyKey }) => {
      calls.push("charge");
      return idempotencyKey;
    });
    const answer = await ctx.waitFor<string>("approval");
    await ctx.step("ship", () => calls.push("ship"));
    return { id, charge, answer };
  });
  const store = `sqlite:${join(folder, "perdure.db")}`;

  const first = await open({ store, workflows: [order] });
  const run = await first.start(order, { id: "order-1", input: "o1" });
  while (calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  await first.close();
  await first.close();

  await using second = await open({ store, workflows: [order] });
  const found = await second.get(order, { id: "order-1" });
  expect(found.runId).toBe(run.runId);
  await found.signal("approval", "yes");
  expect(await found.result()).toEqual({ id: "o1", charge: `${run.runId}:charge`, answer: "yes" });
  expect(calls).toEqual(["charge", "ship"]);
});

test("a process without the code only starts runs, and another one runs them", async () => {
  const hello = workflow({ name: "hello" }, async () => "hello");
  const store = `sqlite:${join(folder, "perdure.db")}`;
  const starter = await open({ store });
  await starter.start(hello, { id: "h" });
  await starter.close();
  await using runner = await open({ store, workflows: [hello] });
  expect(await (await runner.get(hello, { id: "h" })).result()).toBe("hello");
});

test("a server is not a store: the error says what to call instead", async () => {
  await expect(open({ store: "http://localhost:7373" })).rejects.toThrow(
    'use connect("http://localhost:7373") instead of open()',
  );
});

test("a queue's bounds are the worker's, and must name a queue of the code", async () => {
  const send = task({ name: "send", queue: "emails" }, async () => "sent");
  const many = workflow({ name: "many" }, (ctx) => ctx.run(send, undefined));
  const code = { store: "memory:", workflows: [many], tasks: [send] } as const;
  const queues = { emails: { concurrency: 2, rate: 1_000, priority: 1 } };
  await using perdure = await open({ ...code, worker: { queues } });
  expect(await (await perdure.start(many)).result()).toBe("sent");
  const [worker] = await perdure.engine.workers("default");
  expect(worker?.queues).toMatchObject([
    { name: "default", workflows: ["many"] },
    { name: "emails", tasks: ["send"], concurrency: 2, rate: { perSecond: 1_000 }, priority: 1 },
  ]);
  await expect(open({ ...code, worker: { queues: { email: {} } } })).rejects.toThrow(
    /names "email", which no workflow or task here has for its queue; here are default, emails/,
  );
  await expect(open({ ...code, worker: { versioning: "pin" } })).rejects.toThrow(/worker\.version/);
});
