/** An engine, and a worker with the code, for what the contract of `EngineClient` asks of them. */
import { createCalendar, Engine, systemEnv } from "@perdure/engine";
import { handler, object, shape, shared, workflow } from "../index.ts";
import { InProcessWorker, Registry } from "../worker/index.ts";

export const namespace = "default";

const greet = workflow({ name: "greet" }, async (ctx, name: string) => {
  return ctx.step("compose", () => `Hello, ${name}!`);
});
const asking = workflow(
  { name: "asking", updates: { add: { input: shape<number>() } } },
  async (ctx) => {
    let seen = 0;
    ctx.onQuery("seen", () => seen);
    ctx.onQuery("broken", () => {
      throw new Error("no answer today");
    });
    ctx.onUpdate("add", async (n) => (seen += n), {
      validate: (n) => {
        if (n < 0) throw new Error("only upwards");
      },
    });
    return ctx.waitFor("go");
  },
);
const failing = workflow({ name: "failing" }, async () => {
  throw new Error("as it must");
});
const chain = workflow({ name: "chain" }, async (ctx, left: number): Promise<number> => {
  await ctx.step("work", () => left);
  return left === 0 ? 0 : ctx.continueAsNew(left - 1);
});
const long = workflow({ name: "long" }, async (ctx, steps: number) => {
  for (let i = 0; i < steps; i++) await ctx.step("work", () => "x".repeat(2_000));
});
const paid = workflow({ name: "paid" }, async (ctx) => ctx.waitForEvent("payment"));
const account = object({
  name: "account",
  handlers: {
    hold: handler(async (ctx) => ctx.waitFor("go")),
    look: shared(async (ctx) => ctx.key),
  },
});

/** An engine in memory with a worker for what the contract asks of it. */
export async function contractEngine(): Promise<Engine> {
  const { MemoryStore } = await import("@perdure/store");
  const env = systemEnv({ log: () => undefined });
  return Engine.open({ store: new MemoryStore(), env, calendar: createCalendar() });
}

export function contractWorker(engine: Engine): void {
  const env = systemEnv({ log: () => undefined });
  const workflows = [greet, asking, failing, chain, long, paid];
  const registry = new Registry({ workflows, objects: [account] });
  const worker = new InProcessWorker({ id: "contract", registry, env, log: () => undefined });
  worker.connect(
    engine.register(worker, {
      namespace,
      queues: registry.queues(),
      taskSlots: 10,
      runSlots: 1_000,
      leaseMs: 0,
    }),
  );
}
