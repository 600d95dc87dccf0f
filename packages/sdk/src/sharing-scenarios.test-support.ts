/** What runs share: objects with keyed state, and events on the bus. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { handler, object, shared, workflow, type Perdure, type RunHandle } from "./index.ts";
import type { Definitions } from "./worker/registry.ts";

/** Where scenarios play. */
export interface Stage {
  readonly openWith: (code: Definitions) => Promise<Perdure>;
  /** Resolves when it is so: what was asked for is done elsewhere, a moment later. */
  readonly until: (isSo: () => Promise<boolean>) => Promise<void>;
  readonly waitsOn: (run: Pick<RunHandle, "why">, on: string) => Promise<boolean>;
}

export function objectScenarios({ openWith }: Stage): void {
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
      const perdure = await openWith({ objects: [account] });
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
      const perdure = await openWith({ objects: [drawer] });
      const mine = perdure.object(drawer, "mine");
      for (const name of ["tea", "çay", "茶", "🫖"]) await mine.put(name);
      expect([...(await mine.names())].toSorted()).toEqual(["tea", "çay", "茶", "🫖"].toSorted());
    });

    test("a shared handler cannot write", async () => {
      const perdure = await openWith({ objects: [account] });
      await expect(perdure.object(account, "a").cheat()).rejects.toThrow(
        /shared handler cannot write/,
      );
    });

    test("workflows call them, and send to them", async () => {
      const payday = workflow({ name: "payday" }, async (ctx) => {
        ctx.object(account, "p").send.deposit(1);
        return ctx.object(account, "p").deposit(2);
      });
      const perdure = await openWith({ workflows: [payday], objects: [account] });
      expect(await (await perdure.start(payday)).result()).toBe(3);
    });
  });
}

export function busScenarios({ openWith, until, waitsOn }: Stage): void {
  describe("the bus", () => {
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
      const perdure = await openWith({ workflows: [waiting, audit] });
      const a = await perdure.start(waiting, { input: "a" });
      const b = await perdure.start(waiting, { input: "b" });
      for (const run of [a, b]) await until(() => waitsOn(run, "event"));
      await perdure.publish("paid", { order: "b", cents: 5, audit: true }, { id: "e1" });
      await perdure.publish("paid", { order: "b", cents: 5, audit: true }, { id: "e1" });
      expect(await b.result()).toEqual({ cents: 5 });
      await until(async () => (await perdure.count({ workflow: audit })) > 0);
      await perdure.publish("paid", { order: "a", cents: 6 });
      expect(await a.result()).toEqual({ cents: 6 });
      expect(await perdure.count({ workflow: audit })).toBe(1);
    });

    test("an input that nobody could check before fails the run, and says where", async () => {
      const strict = workflow(
        { name: "strict", input: z.object({ cents: z.number() }), triggers: [{ event: "paid" }] },
        async () => "ran",
      );
      const perdure = await openWith({ workflows: [strict] });
      await perdure.publish("paid", { cents: "many" });
      await until(async () => (await perdure.count()) > 0);
      const [row] = (await perdure.list()).runs;
      const run = await perdure.get(strict, { runId: row!.runId });
      await expect(run.result()).rejects.toThrow(
        /input of workflow "strict" is not valid: cents: /,
      );
    });
  });
}
