/** What the soak runs: one of everything that people use, small, and with a result to check. */
import { handler, object, task, workflow, type ObjectDefinition } from "perdure";

/** So many sums are checked: 1 + 2 + … + n. */
export function sumTo(n: number): number {
  return (n * (n + 1)) / 2;
}

export const steps = workflow({ name: "steps" }, async (ctx, n: number) => {
  let sum = 0;
  for (let i = 1; i <= n; i++) sum += await ctx.step("add", () => i);
  return sum;
});

export const double = task({ name: "double" }, (n: number) => 2 * n);

export const remote = workflow({ name: "remote" }, async (ctx, n: number) => {
  let sum = 0;
  for (let i = 1; i <= n; i++) sum += await ctx.run(double, i);
  return sum;
});

export const naps = workflow({ name: "naps" }, async (ctx, ms: number) => {
  await ctx.step("before", () => ms);
  await ctx.sleep(ms);
  return ctx.step("after", () => ms);
});

export const waits = workflow({ name: "waits" }, async (ctx) => {
  const first = await ctx.waitFor<number>("go");
  const second = await ctx.waitFor<number>("go");
  return first + second;
});

/** Fails at first, so that retries are part of it. */
export const stumbles = workflow({ name: "stumbles" }, async (ctx, n: number) =>
  ctx.step(
    "stumble",
    ({ attempt }) => {
      if (attempt <= n) throw new Error(`attempt ${attempt} of ${n + 1}`);
      return attempt;
    },
    { retry: { maxAttempts: n + 1, initialMs: 20 } },
  ),
);

export const family = workflow({ name: "family" }, async (ctx, children: number) => {
  const sums = await Promise.all(
    Array.from({ length: children }, (_, i) => ctx.call(steps, i + 1)),
  );
  return sums.reduce((sum, one) => sum + one, 0);
});

/** Goes on as a new run until it has counted down. */
export const chain = workflow({ name: "chain" }, async (ctx, left: number): Promise<number> => {
  await ctx.step("link", () => left);
  if (left > 0) return ctx.continueAsNew(left - 1);
  return left;
});

const handlers = {
  add: handler(async (ctx, amount: number) => {
    const before = (await ctx.state.get<number>("count")) ?? 0;
    ctx.state.set("count", before + amount);
    return before + amount;
  }),
};

export const counter: ObjectDefinition<typeof handlers> = object({ name: "counter", handlers });

export const code = {
  workflows: [steps, remote, naps, waits, stumbles, family, chain],
  tasks: [double],
  objects: [counter],
};
