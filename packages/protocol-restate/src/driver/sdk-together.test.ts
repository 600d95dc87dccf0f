/** The unmodified SDK: invocations that have to do with each other, and several things at once. */
import {
  handlers,
  InvocationIdParser,
  object,
  RestatePromise,
  rpc,
  service,
  TerminalError,
  type Context,
  type ObjectContext,
  type ObjectSharedContext,
} from "@restatedev/restate-sdk";
import { afterEach, describe, expect, it } from "vitest";
import { defaultSettings } from "../deployments/settings.ts";
import { invocationId, parseInvocationId } from "../ids/invocation-id.ts";
import { discover } from "./discover.ts";
import { sdkEndpoint, World, type SdkEndpoint, type WorldOptions } from "./driver.test-support.ts";
import { eventually } from "./eventually.test-support.ts";

const worlds: World[] = [];
const endpoints: SdkEndpoint[] = [];

afterEach(async () => {
  for (const endpoint of endpoints.splice(0)) endpoint.close();
  for (const world of worlds.splice(0)) await world.close();
});

async function worldOf(services: Parameters<typeof sdkEndpoint>[0], options: WorldOptions) {
  const endpoint = await sdkEndpoint(services);
  endpoints.push(endpoint);
  const world = await World.open(options);
  worlds.push(world);
  await world.register(endpoint.uri);
  return world;
}

const retry = { ...defaultSettings.retry, initialMs: 5 };
const inVersion5: NonNullable<WorldOptions["discover"]> = async (...asked) => {
  const found = await discover(...asked);
  return { ...found, manifest: { ...(found.manifest as object), maxProtocolVersion: 5 } };
};

const modes: [string, WorldOptions][] = [
  ["with its stream open", { settings: { retry } }],
  [
    "that suspends soon, in version 5",
    { settings: { retry, inactivityTimeoutMs: 100 }, discover: inVersion5 },
  ],
  ["that always suspends", { settings: { retry, inactivityTimeoutMs: 0 } }],
];

const marks: string[] = [];
const idOf = (text: string) => InvocationIdParser.fromString(text);

const cell = object({
  name: "Cell",
  handlers: {
    add: async (ctx: ObjectContext, n: number) => {
      const sum = ((await ctx.get<number>("sum")) ?? 0) + n;
      ctx.set("sum", sum);
      return sum;
    },
    hold: async (ctx: ObjectContext): Promise<void> => {
      marks.push("held");
      try {
        await ctx.sleep(60_000);
      } catch (error) {
        await ctx.run("mark", () => void marks.push("cancelled"));
        throw error;
      }
    },
    get: handlers.object.shared(
      async (ctx: ObjectSharedContext) => (await ctx.get<number>("sum")) ?? 0,
    ),
  },
});

const many = service({
  name: "Many",
  handlers: {
    parallel: async (ctx: Context, count: number) => {
      const all = Array.from({ length: count }, (_, n) => ctx.run(`step ${n}`, async () => n));
      return (await RestatePromise.all(all)).reduce((sum, n) => sum + n, 0);
    },
    mixed: async (ctx: Context) => {
      const step = ctx.run("step", () => "step");
      const nap = ctx.sleep(30).map(() => "nap");
      const bad = ctx.run("bad", () => {
        throw new TerminalError("bad", { errorCode: 499 });
      });
      const settled = await RestatePromise.allSettled([step, nap, bad]);
      const any = await RestatePromise.any([bad, nap]);
      return [settled.map(({ status }) => status), any];
    },
    timeout: async (ctx: Context) => {
      try {
        await ctx.awakeable<string>().promise.orTimeout(30);
        return "in time";
      } catch {
        return "late";
      }
    },
    tree: async (ctx: Context): Promise<void> => {
      await ctx.objectClient<typeof cell>(cell, "t").hold();
    },
    attach: async (ctx: Context, key: string) => {
      const handle = ctx.objectSendClient<typeof cell>(cell, key).add(5);
      const id = await handle.invocationId;
      return ctx.invocation(id).attach<number>();
    },
    callId: async (ctx: Context, key: string) => {
      const call = ctx.objectClient<typeof cell>(cell, key).add(1);
      return [await call.invocationId, await call];
    },
    once: async (ctx: Context, key: string) => {
      const opts = rpc.opts<number, number>({ idempotencyKey: "once" });
      const [a, b] = [
        await ctx.objectClient<typeof cell>(cell, key).add(7, opts),
        await ctx.objectClient<typeof cell>(cell, key).add(7, opts),
      ];
      return [a, b];
    },
    later: async (ctx: Context, key: string): Promise<void> => {
      ctx.objectSendClient<typeof cell>(cell, key).add(3, rpc.sendOpts({ delay: 50 }));
    },
    listen: async (ctx: Context) => {
      const first = await ctx.signal<string>("word");
      const second = await ctx.signal<string>("word");
      return [first, second];
    },
    tell: async (ctx: Context, [id, word]: [string, string]): Promise<void> => {
      ctx.invocation(idOf(id)).signal<string>("word").resolve(word);
    },
    cancel: async (ctx: Context, id: string): Promise<void> => {
      ctx.invocation(idOf(id)).cancel();
    },
    random: async (ctx: Context) => {
      const before = [ctx.rand.random(), ctx.rand.uuidv4()];
      await ctx.sleep(20);
      return [before, [ctx.rand.random(), ctx.rand.uuidv4()]];
    },
    large: async (ctx: Context, count: number) => {
      let bytes = 0;
      for (let n = 0; n < count; n++) {
        bytes += (await ctx.run(`large ${n}`, () => "x".repeat(1_000_000))).length;
      }
      return bytes;
    },
  },
});

describe.each(modes)("the SDK %s", (_, mode) => {
  it("runs fifty steps at once", async () => {
    const world = await worldOf([many], mode);
    expect(await world.call("Many/parallel", 50)).toBe(1_225);
  });

  it("combines what it awaits", async () => {
    const world = await worldOf([many], mode);
    const statuses = ["fulfilled", "fulfilled", "rejected"];
    expect(await world.call("Many/mixed")).toEqual([statuses, "nap"]);
    expect(await world.call("Many/timeout")).toBe("late");
  });

  it("cancels what it has called, which holds its key no longer", async () => {
    const world = await worldOf([many, cell], mode);
    marks.length = 0;
    const runId = await world.send("Many/tree");
    await eventually(() => expect(marks).toContain("held"));
    await eventually(async () => {
      expect(await world.kinds(runId)).toContain("call.scheduled");
    });
    const { invocation } = await childOf(world, runId);
    await world.engine.cancel({ runId });
    expect(await world.value(runId)).toMatchObject({ status: "cancelled", code: "409" });
    expect(await world.value(parseInvocationId(invocation))).toMatchObject({ code: "409" });
    expect(marks).toContain("cancelled");
    expect(await world.call("Cell/t/add", 1)).toBe(1);
  });

  it("attaches to what it has sent, and knows the ids of what it calls", async () => {
    const world = await worldOf([many, cell], mode);
    expect(await world.call("Many/attach", "a")).toBe(5);
    const [id, sum] = (await world.call("Many/callId", "a")) as [string, number];
    expect(sum).toBe(6);
    expect(await world.value(parseInvocationId(id))).toBe(6);
  });

  it("calls once under an idempotency key, however often it asks", async () => {
    const world = await worldOf([many, cell], mode);
    expect(await world.call("Many/once", "i")).toEqual([7, 7]);
    expect(await world.call("Many/once", "i")).toEqual([7, 7]);
    expect(await world.call("Cell/i/get")).toBe(7);
  });

  it("sends for later", async () => {
    const world = await worldOf([many, cell], mode);
    await world.call("Many/later", "d");
    await eventually(async () => expect(await world.call("Cell/d/get")).toBe(3));
  });

  it("hears a signal of one name once for each that was sent, or the first again", async () => {
    const world = await worldOf([many], mode);
    const runId = await world.send("Many/listen");
    await world.call("Many/tell", [invocationId(runId), "one"]);
    await world.call("Many/tell", [invocationId(runId), "two"]);
    const words = (await world.value(runId)) as string[];
    expect(words[0]).toBe("one");
    expect(["one", "two"]).toContain(words[1]);
    expect(await world.kinds(runId)).not.toContain("activation.failed");
  });

  it("cancels another one by its id", async () => {
    const world = await worldOf([many, cell], mode);
    const runId = await world.send("Cell/c/hold");
    const waiting = await world.send("Cell/c/add", 1);
    await eventually(async () => expect(await world.kinds(runId)).toContain("timer.started"));
    await world.call("Many/cancel", invocationId(runId));
    expect(await world.value(runId)).toMatchObject({ status: "cancelled" });
    expect(await world.value(waiting)).toBe(1);
  });

  it("draws the same random numbers after a suspension", async () => {
    const world = await worldOf([many], mode);
    const [before, after] = (await world.call("Many/random")) as unknown[][];
    expect(before).not.toEqual(after);
  });

  it("carries large values", async () => {
    const world = await worldOf([many], mode);
    expect(await world.call("Many/large", 8)).toBe(8_000_000);
  });
});

async function childOf(world: World, runId: Parameters<World["kinds"]>[0]) {
  const called = (await world.journal(runId)).find((event) => event.kind === "call.scheduled");
  if (called?.kind !== "call.scheduled") throw new Error("it has called nobody");
  return { invocation: invocationId(called.runId) };
}
