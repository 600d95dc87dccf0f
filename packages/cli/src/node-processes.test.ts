/** Servers as processes on one PostgreSQL: they share its work, and die or leave without losing any. */
import { missingPostgres } from "@perdure/store-postgres/testing";
import { connect, workflow } from "perdure";
import { describe, expect, test } from "vitest";
import { adminKey, ended, NodeProcesses } from "./node-processes.test-support.ts";

const missing = missingPostgres();

/** Waits for a person, and does one thing before and one after. */
const approval = workflow({ name: "approval" }, async (ctx, order: string) => {
  await ctx.step("reserve", () => order);
  const by = await ctx.waitFor<string>("approved");
  return ctx.step("ship", () => `${order} for ${by}`);
});

describe.skipIf(missing !== undefined)(`servers on one PostgreSQL ${missing ?? ""}`, () => {
  test("one is killed and one is stopped: runs go on, wherever they were and whoever is asked", async () => {
    await using cluster = await NodeProcesses.open();
    const [a, b, c] = await Promise.all([cluster.node(), cluster.node(), cluster.node()]);
    await cluster.settled([a, b, c]);
    const urls = [a.url, b.url, c.url];
    const all = { apiKey: adminKey, log: () => undefined };
    await using worker = await connect(urls, { ...all, workflows: [approval] });
    await using client = await connect(urls, all);
    const orders = Array.from({ length: 24 }, (_, n) => `order-${n}`);
    await Promise.all(orders.map((id) => client.start(approval, { id, input: id })));
    // Whatever it is in: a step that is done again is done once in the journal.
    await ended(c.child, "SIGKILL");
    await cluster.settled([a, b]);
    expect(await ended(b.child, "SIGTERM")).toBe(0);
    await cluster.settled([a]);
    await Promise.all(orders.map((id) => client.signal({ id }, "approved", "me", { id: "s" })));
    for (const id of orders) {
      const run = await worker.get(approval, { id });
      expect(await run.result()).toBe(`${id} for me`);
    }
    const doctor = await cluster.ask(a.url, "doctor");
    expect(doctor.out).toContain("12 of 12 partitions");
  }, 180_000);

  test("a second one without an address does not start, and says what to do", async () => {
    await using cluster = await NodeProcesses.open();
    const alone = await cluster.start();
    const { child, errors } = cluster.spawn();
    const code = await new Promise((resolve) => void child.on("exit", resolve));
    expect(code).not.toBe(0);
    expect(errors()).toContain("node.listen");
    expect((await cluster.ask(alone.url, "partitions")).out).not.toContain("nobody");
    expect(await ended(alone.child, "SIGTERM")).toBe(0);
  }, 120_000);
});
