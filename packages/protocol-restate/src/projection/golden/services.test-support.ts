/** Handlers that between them use everything a context has. */
import * as restate from "@restatedev/restate-sdk";
import type { Offered } from "./sdk.test-support.ts";

const { RestatePromise, TerminalError } = restate;
const text = restate.serde.json as restate.Serde<string>;

export const offered: Offered = {
  Steps: [
    "SERVICE",
    { parallel: "SERVICE", mixed: "SERVICE", failing: "SERVICE", late: "SERVICE" },
  ],
  Calls: [
    "SERVICE",
    {
      all: "SERVICE",
      attached: "SERVICE",
      cancels: "SERVICE",
      fails: "SERVICE",
      inLine: "SERVICE",
    },
  ],
  Echo: ["SERVICE", { say: "SERVICE", fails: "SERVICE", waits: "SERVICE", resolves: "SERVICE" }],
  Signals: ["SERVICE", { awakeables: "SERVICE", named: "SERVICE", twice: "SERVICE" }],
  Cart: ["VIRTUAL_OBJECT", { everything: "EXCLUSIVE", add: "EXCLUSIVE", peek: "SHARED" }],
  Order: ["WORKFLOW", { run: "WORKFLOW", settle: "SHARED", look: "SHARED" }],
};

const steps = restate.service({
  name: "Steps",
  handlers: {
    /** Many at once, that end in another order than they began. */
    parallel: async (ctx: restate.Context, count: number) => {
      const runs = Array.from({ length: count }, (_, i) =>
        ctx.run(`step ${i}`, async () => {
          for (let turn = i; turn < count; turn++) await Promise.resolve();
          if (i === 1) throw new TerminalError("one failed", { errorCode: 418 });
          return `result ${i}`;
        }),
      );
      const settled = await RestatePromise.allSettled(runs);
      await ctx.sleep(1, "rest: a while%");
      const first = await RestatePromise.any(runs);
      return { settled: settled.map(({ status }) => status), first };
    },
    /** Steps, sleeps and calls that are open at the same time. */
    mixed: async (ctx: restate.Context) => {
      const nap = ctx.sleep(1);
      const slow = ctx.run("slow", async () => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        return 1;
      });
      const said = ctx.serviceClient<typeof echo>(echo).say("a");
      const raced = await RestatePromise.race([
        nap.map(() => "nap"),
        ctx.awakeable<string>().promise,
      ]);
      const rest = await RestatePromise.all([slow, said]);
      return [raced, ...rest, ctx.rand.uuidv4()];
    },
    failing: async (ctx: restate.Context) => {
      const caught: string[] = [];
      try {
        await ctx.run("no", () => {
          throw new TerminalError("never", { errorCode: 422 });
        });
      } catch (error) {
        caught.push(String(error));
      }
      try {
        await RestatePromise.all([ctx.sleep(1), ctx.awakeable().promise]).orTimeout(1);
      } catch (error) {
        caught.push(String(error));
      }
      await ctx.run(() => undefined);
      throw new TerminalError(caught.join(), { errorCode: 409 });
    },
    /** Runs are begun in an order, and written down in another. */
    late: async (ctx: restate.Context) => {
      const waiting = ctx.run("waits", async () => {
        await new Promise((resolve) => setTimeout(resolve, 3));
        return "late";
      });
      const quick = ctx.run("quick", () => "quick");
      const both = await RestatePromise.all([quick, ctx.sleep(1)]);
      return [await waiting, both[0]];
    },
  },
});

const echo = restate.service({
  name: "Echo",
  handlers: {
    say: async (ctx: restate.Context, said: string) =>
      `${said} ${ctx.request().headers.get("x-tone") ?? ""}`,
    fails: async (_ctx: restate.Context, message: string) => {
      throw new TerminalError(message, { errorCode: 418 });
    },
    waits: async (ctx: restate.Context) => ctx.awakeable<string>().promise,
    resolves: async (ctx: restate.Context, [good, bad]: string[]) => {
      ctx.resolveAwakeable(good ?? "", { told: true });
      ctx.rejectAwakeable(bad ?? "", "not this one");
      return "told";
    },
  },
});

const calls = restate.service({
  name: "Calls",
  handlers: {
    all: async (ctx: restate.Context) => {
      const client = ctx.serviceClient<typeof echo>(echo);
      const heard = client.say("a", restate.rpc.opts({ headers: { "x-tone": "loud" } }));
      const id = await heard.invocationId;
      const first = await heard;
      const cart = ctx.objectClient<typeof cartObject>(cartObject, "k/1");
      const generic = await ctx.genericCall<string, string>({
        service: "Echo",
        method: "say",
        parameter: "g",
        idempotencyKey: "once: only",
        inputSerde: text,
        outputSerde: text,
      });
      const count = await cart.add(2);
      ctx
        .objectSendClient<typeof cartObject>(cartObject, "k/1")
        .add(3, restate.rpc.sendOpts({ delay: 5 }));
      const seen = await cart.peek();
      return [first, generic, count, seen, id.startsWith("inv_1")];
    },
    attached: async (ctx: restate.Context) => {
      const send = ctx.serviceSendClient<typeof echo>(echo);
      const sent = send.say("s", restate.rpc.sendOpts({ headers: { "x-tone": "low" } }));
      const id = await sent.invocationId;
      const result = await ctx.invocation(id).attach<string>();
      const failing = await send.fails("gone").invocationId;
      const failure = await ctx
        .invocation(failing)
        .attach<string>()
        .catch((error: unknown) => (error instanceof TerminalError ? error.code : "other"));
      return [result, failure];
    },
    cancels: async (ctx: restate.Context) => {
      const call = ctx.serviceClient<typeof echo>(echo).waits();
      ctx.invocation(await call.invocationId).cancel();
      return call.catch((error: unknown) => String(error));
    },
    fails: async (ctx: restate.Context) => ctx.serviceClient<typeof echo>(echo).fails("as told"),
    /** Two calls of one key, one behind the other. */
    inLine: async (ctx: restate.Context) => {
      const cart = ctx.objectClient<typeof cartObject>(cartObject, "line");
      const results = await RestatePromise.all([cart.add(1), cart.add(1), cart.everything()]);
      return results;
    },
  },
});

const signals = restate.service({
  name: "Signals",
  handlers: {
    awakeables: async (ctx: restate.Context) => {
      const good = ctx.awakeable<{ told: boolean }>();
      const bad = ctx.awakeable<string>();
      const told = await ctx.serviceClient<typeof echo>(echo).resolves([good.id, bad.id]);
      const failure = await bad.promise.catch((error: unknown) => String(error));
      return [told, await good.promise, failure];
    },
    named: async (ctx: restate.Context) => {
      const self = ctx.invocation(ctx.request().id);
      self.signal<number>("go: now").resolve(7);
      self.signal<number>("#odd").resolve(8);
      self.signal("no").reject("refused");
      const values = await RestatePromise.all([
        ctx.signal<number>("go: now"),
        ctx.signal<number>("#odd"),
      ]);
      const refused = await ctx.signal("no").catch((error: unknown) => String(error));
      return [...values, refused];
    },
    /** A signal is taken once: the second wait is for the second one. */
    twice: async (ctx: restate.Context) => {
      const self = ctx.invocation(ctx.request().id);
      self.signal<number>("again").resolve(1);
      const first = await ctx.signal<number>("again");
      await ctx.sleep(1);
      self.signal<number>("again").resolve(2);
      return [first, await ctx.signal<number>("again")];
    },
  },
});

const cartObject = restate.object({
  name: "Cart",
  handlers: {
    everything: async (ctx: restate.ObjectContext) => {
      const before = [await ctx.get("none"), await ctx.stateKeys()];
      ctx.set("b", { n: 1 });
      ctx.set("a", "x");
      const between = [await ctx.get("a"), await ctx.get("b"), (await ctx.stateKeys()).toSorted()];
      await ctx.sleep(1);
      ctx.clear("a");
      const after = [await ctx.get("a"), await ctx.get("b")];
      ctx.clearAll();
      return [before, between, after, await ctx.stateKeys(), ctx.key];
    },
    add: async (ctx: restate.ObjectContext, by: number) => {
      const count = ((await ctx.get<number>("count")) ?? 0) + by;
      ctx.set("count", count);
      return count;
    },
    peek: restate.handlers.object.shared(async (ctx: restate.ObjectSharedContext) =>
      ctx.get<number>("count"),
    ),
  },
});

interface OrderParts {
  run(ctx: restate.WorkflowContext, kind: string): Promise<unknown>;
  settle(ctx: restate.WorkflowSharedContext, isRejected: boolean): Promise<string>;
  look(ctx: restate.WorkflowSharedContext): Promise<unknown>;
}

const order = restate.workflow({
  name: "Order",
  handlers: {
    run: async (ctx: restate.WorkflowContext, kind: string): Promise<unknown> => {
      ctx.set("kind", kind);
      const client = ctx.workflowClient<OrderParts>({ name: "Order" }, ctx.key);
      const before = await ctx.promise<string>("paid").peek();
      const told = await client.settle(kind === "rejected");
      const paid = await ctx
        .promise<string>("paid")
        .get()
        .catch((error: unknown) => String(error));
      const again = await client.settle(false).catch((error: unknown) => String(error));
      const seen = await client.look();
      return [before ?? "nothing", told, paid, again, seen];
    },
    settle: async (ctx: restate.WorkflowSharedContext, isRejected: boolean) => {
      if (isRejected) await ctx.promise<string>("paid").reject("no money");
      else await ctx.promise<string>("paid").resolve("cash");
      return "settled";
    },
    look: async (ctx: restate.WorkflowSharedContext) => [
      await ctx.get<string>("kind"),
      await ctx
        .promise<string>("paid")
        .peek()
        .catch((error: unknown) => String(error)),
    ],
  },
});

export const services: restate.EndpointOptions["services"] = [
  steps,
  echo,
  calls,
  signals,
  cartObject,
  order,
];
