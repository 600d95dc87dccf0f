/** One definition gives every type. */
import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  connect,
  handler,
  open,
  object,
  shape,
  shared,
  task,
  workflow,
  type AnyWorkflow,
  type Context,
  type InputOf,
  type OutputOf,
  type Perdure,
  type RunHandle,
  type Stored,
  type StepContext,
} from "./index.ts";

declare const perdure: Perdure;

const Order = z.object({ sku: z.string(), amount: z.number().default(1) });
const Approval = z.object({ ok: z.boolean() });

const order = workflow(
  {
    name: "order",
    input: Order,
    signals: { approval: Approval, nudge: shape<{ by: string }>() },
    queries: { status: { output: z.enum(["open", "done"]) } },
    updates: { add: { input: z.string(), output: z.number() } },
    events: { "payment.settled": z.object({ cents: z.number() }) },
  },
  async (ctx, input) => {
    expectTypeOf(input).toEqualTypeOf<{ sku: string; amount: number }>();
    const approval = await ctx.waitFor("approval", { timeout: "3d" });
    expectTypeOf(approval).toEqualTypeOf<{ ok: boolean }>();
    const late = await ctx.waitFor("approval", { timeout: "3d", onTimeout: undefined });
    expectTypeOf(late).toEqualTypeOf<{ ok: boolean } | undefined>();
    const free = await ctx.waitFor("anything");
    expectTypeOf(free).toEqualTypeOf<unknown>();
    const typed = await ctx.waitFor<{ x: 1 }>("anything", { timeout: 5 });
    expectTypeOf(typed).toEqualTypeOf<{ x: 1 }>();
    const checked = await ctx.waitFor("other", { schema: Approval });
    expectTypeOf(checked).toEqualTypeOf<{ ok: boolean }>();
    const maybe = await ctx.waitFor("other", { schema: Approval, timeout: 1, onTimeout: null });
    expectTypeOf(maybe).toEqualTypeOf<{ ok: boolean } | null>();
    const paid = await ctx.waitForEvent("payment.settled", { match: { sku: input.sku } });
    expectTypeOf(paid).toEqualTypeOf<{ cents: number }>();
    ctx.onSignal("nudge", (nudge) => expectTypeOf(nudge).toEqualTypeOf<{ by: string }>());
    ctx.onQuery("status", () => "open");
    // @ts-expect-error an answer of another type
    ctx.onQuery("status", () => "neither");
    ctx.onUpdate("add", async (item) => item.length, {
      validate: (item) => expectTypeOf(item).toEqualTypeOf<string>(),
    });
    return { at: new Date(), cents: paid.cents };
  },
);

test("a step's result is what the journal keeps of it", () => {
  workflow({ name: "steps" }, async (ctx) => {
    const date = await ctx.step("date", () => new Date());
    expectTypeOf(date).toEqualTypeOf<string>();
    const label = await ctx.step(
      "label",
      async ({ idempotencyKey }) => ({ id: idempotencyKey, when: new Date(), to: () => 1 }),
      {
        undo: (made, step) => {
          expectTypeOf(made).toEqualTypeOf<{ id: string; when: string }>();
          expectTypeOf(step).toEqualTypeOf<StepContext>();
        },
      },
    );
    expectTypeOf(label).toEqualTypeOf<{ id: string; when: string }>();
    const parsed = await ctx.step("parsed", () => "{}", { schema: Approval });
    expectTypeOf(parsed).toEqualTypeOf<{ ok: boolean }>();
    expectTypeOf(await ctx.step("none", () => {})).toEqualTypeOf<void>();
    const all = await ctx.all([ctx.step("a", () => 1), ctx.step("b", () => "b")]);
    expectTypeOf(all).toEqualTypeOf<[number, string]>();
  });
});

test("a definition types its starts, handles and results", async () => {
  expectTypeOf<InputOf<typeof order>>().toEqualTypeOf<{
    sku: string;
    amount?: number | undefined;
  }>();
  expectTypeOf<OutputOf<typeof order>>().toEqualTypeOf<{ at: string; cents: number }>();
  const run = await perdure.start(order, { id: "o-1", input: { sku: "a" } });
  expectTypeOf(await run.result()).toEqualTypeOf<{ at: string; cents: number }>();
  await run.signal("approval", { ok: true });
  // A signal of a name that is not declared is free-form.
  await run.signal("other", 5);
  expectTypeOf(await run.query("status")).toEqualTypeOf<"open" | "done">();
  expectTypeOf(await run.update("add", "x")).toEqualTypeOf<number>();
  // @ts-expect-error the input is missing
  await perdure.start(order, { id: "o-1" });
  // @ts-expect-error the input is of another type
  await perdure.start(order, { input: { sku: 1 } });
  expectTypeOf(run).toExtend<RunHandle<{ at: string; cents: number }>>();
  expectTypeOf(order).toExtend<AnyWorkflow>();
});

test("without schemas the function's own types count", async () => {
  const plain = workflow({ name: "plain" }, async (_ctx, input: { n: number }) => input.n);
  expectTypeOf<InputOf<typeof plain>>().toEqualTypeOf<{ n: number }>();
  expectTypeOf(await (await perdure.start(plain, { input: { n: 1 } })).result()).toBeNumber();
  const bare = workflow({ name: "bare" }, async (ctx) => ctx.now());
  expectTypeOf(await (await perdure.start(bare)).result()).toBeNumber();
});

test("tasks, calls and objects are typed by what they call", () => {
  const resize = task({ name: "resize" }, async (input: { w: number }) => input.w > 1);
  const cart = object({
    name: "cart",
    handlers: {
      add: handler(async (ctx, item: string) => {
        ctx.state.set("items", [item]);
        return 1;
      }),
      peek: shared(async (ctx) => (await ctx.state.get<string[]>("items")) ?? []),
      put: handler({ input: Order }, async (_ctx, item) => item.amount),
    },
  });
  workflow({ name: "caller" }, async (ctx) => {
    expectTypeOf(await ctx.run(resize, { w: 1 })).toBeBoolean();
    // @ts-expect-error another input
    await ctx.run(resize, { h: 1 });
    const result = await ctx.call(order, { sku: "a" }, { id: "child" });
    expectTypeOf(result).toEqualTypeOf<{ at: string; cents: number }>();
    expectTypeOf(await ctx.object(cart, "u").add("book")).toBeNumber();
    expectTypeOf(await ctx.object(cart, "u").peek()).toEqualTypeOf<string[]>();
    expectTypeOf(await ctx.object(cart, "u").put({ sku: "s" })).toBeNumber();
    ctx.object(cart, "u").send.add("book");
    // @ts-expect-error another input
    await ctx.object(cart, "u").add(1);
  });
  expectTypeOf(perdure.object(cart, "u").peek()).toEqualTypeOf<Promise<string[]>>();
});

test("a context with declared messages is a context for shared code", () => {
  const greet = async (ctx: Context) => ctx.step("greet", () => "hello");
  workflow({ name: "a", signals: { go: Approval } }, async (ctx) => {
    expectTypeOf(await greet(ctx)).toBeString();
    expectTypeOf(await ctx.shielded((inner) => inner.waitFor("go"))).toEqualTypeOf<{
      ok: boolean;
    }>();
  });
});

test("what JSON cannot hold is not promised", () => {
  expectTypeOf<Stored<{ a: bigint; b: Map<string, number>[]; c?: Date }>>().toEqualTypeOf<{
    a: never;
    b: { readonly size: number }[];
    c?: string;
  }>();
  expectTypeOf<Stored<unknown>>().toBeUnknown();
});

test("a program is the same with the engine in its process and on a server", () => {
  const program = async (client: Perdure) => (await client.start(order, { input })).result();
  const input = { sku: "a" };
  const code = { workflows: [order], worker: { queues: { default: { concurrency: 2 } } } };
  const inProcess = async () => program(await open({ store: "memory:", ...code }));
  const onServer = async () => program(await connect("http://localhost:7373", code));
  expectTypeOf(inProcess).toEqualTypeOf(onServer);
  expectTypeOf(connect).toBeCallableWith({ ...code, apiKey: "pdk_a_b" });
  // @ts-expect-error a server has its own store
  void connect("http://localhost:7373", { store: "memory:" });
  // @ts-expect-error an engine in this process needs one
  void open(code);
});
