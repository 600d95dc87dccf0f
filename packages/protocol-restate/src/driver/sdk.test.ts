/** The unmodified SDK, end to end: engine, driver, connections, and handlers as people write them. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  handlers,
  object,
  service,
  TerminalError,
  RestatePromise,
  workflow,
  type Context,
  type ObjectContext,
  type ObjectSharedContext,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@restatedev/restate-sdk";
import { afterEach, describe, expect, it } from "vitest";
import { systemEnv } from "@perdure/engine";
import { SqliteStore } from "@perdure/store-sqlite";
import type { HandlerSettings } from "../deployments/deployment.ts";
import { defaultSettings } from "../deployments/settings.ts";
import {
  sdkEndpoint,
  sdkEndpoint1,
  World,
  type SdkEndpoint,
  type WorldOptions,
} from "./driver.test-support.ts";
import { discover } from "./discover.ts";
import { eventually } from "./eventually.test-support.ts";
import { RequestIdentity } from "./identity.ts";

const worlds: World[] = [];
const endpoints: SdkEndpoint[] = [];

afterEach(async () => {
  for (const endpoint of endpoints.splice(0)) endpoint.close();
  for (const world of worlds.splice(0)) await world.close();
});

type Services = Parameters<typeof sdkEndpoint>[0];

async function endpointOf(services: Services): Promise<SdkEndpoint> {
  const endpoint = await sdkEndpoint(services);
  endpoints.push(endpoint);
  return endpoint;
}

async function opened(options: WorldOptions = {}): Promise<World> {
  const world = await World.open(options);
  worlds.push(world);
  return world;
}

async function worldOf(services: Services, options: WorldOptions = {}) {
  const endpoint = await endpointOf(services);
  const world = await opened(options);
  await world.register(endpoint.uri);
  return { world, endpoint };
}

const retry: HandlerSettings["retry"] = { ...defaultSettings.retry, initialMs: 10 };
/** Attempts suspend as soon as they have nothing to do. */
const brief: WorldOptions = { settings: { inactivityTimeoutMs: 100, retry } };

const greeter = service({
  name: "Greeter",
  handlers: {
    greet: async (_: Context, name: string) => `Hello ${name}`,
    refuse: async (): Promise<void> => {
      throw new TerminalError("no such name", { errorCode: 418 });
    },
    header: async (ctx: Context) => ctx.request().headers.get("x-mine"),
    steps: async (ctx: Context) => {
      let sum = 0;
      for (let n = 1; n <= 5; n++) sum += await ctx.run(`step ${n}`, async () => n);
      return sum;
    },
    nap: async (ctx: Context, ms: number) => {
      await ctx.sleep(ms, "nap");
      return "rested";
    },
    race: async (ctx: Context) => {
      const slow = ctx.sleep(60_000).map(() => "slow");
      const quick = ctx.sleep(20).map(() => "quick");
      return RestatePromise.race([slow, quick]);
    },
    large: async (_: Context, bytes: number) => "x".repeat(bytes),
  },
});

const counter = object({
  name: "Counter",
  handlers: {
    add: async (ctx: ObjectContext, n: number) => {
      const count = ((await ctx.get<number>("count")) ?? 0) + n;
      ctx.set("count", count);
      return count;
    },
    clear: async (ctx: ObjectContext): Promise<void> => ctx.clearAll(),
    get: handlers.object.shared(async (ctx: ObjectSharedContext) => {
      return (await ctx.get<number>("count")) ?? 0;
    }),
    keys: handlers.object.shared(async (ctx: ObjectSharedContext) => ctx.stateKeys()),
  },
});

/** As an endpoint says it whose SDK speaks no later version. */
const upTo =
  (maxProtocolVersion: number): NonNullable<WorldOptions["discover"]> =>
  async (...asked) => {
    const found = await discover(...asked);
    return { ...found, manifest: { ...(found.manifest as object), maxProtocolVersion } };
  };

const suspending = { inactivityTimeoutMs: 0, retry };

describe.each<[string, WorldOptions]>([
  ["in version 7", brief],
  ["in version 6", { ...brief, discover: upTo(6) }],
  ["in version 5", { ...brief, discover: upTo(5) }],
  ["that always suspends", { settings: suspending }],
  ["that always suspends, in version 5", { settings: suspending, discover: upTo(5) }],
  ["that asks for its state", { settings: { ...brief.settings, enableLazyState: true } }],
])("the SDK %s", (_, mode) => {
  it("greets, and fails as it wants to", async () => {
    const { world } = await worldOf([greeter], mode);
    expect(await world.call("Greeter/greet", "Ada")).toBe("Hello Ada");
    expect(await world.call("Greeter/refuse")).toMatchObject({
      status: "failed",
      code: "418",
      message: "no such name",
    });
    const runId = await world.send("Greeter/header", undefined, { headers: { "x-mine": "yes" } });
    expect(await world.value(runId)).toBe("yes");
  });

  it("runs five steps, each on disk before the next", async () => {
    const { world } = await worldOf([greeter], mode);
    const runId = await world.send("Greeter/steps");
    expect(await world.value(runId)).toBe(15);
    const journal = await world.journal(runId);
    const steps = journal.filter((event) => event.kind === "step.completed");
    expect(steps.map(({ name }) => name)).toEqual([1, 2, 3, 4, 5].map((n) => `step ${n}`));
    expect(journal.at(-1)!.kind).toBe("run.completed");
    expect(journal.filter(({ kind }) => kind === "activation.failed")).toEqual([]);
  });

  it("sleeps with its stream open, and suspended", async () => {
    const { world } = await worldOf([greeter], mode);
    expect(await world.call("Greeter/nap", 20)).toBe("rested");
    const runId = await world.send("Greeter/nap", 700);
    expect(await world.value(runId)).toBe("rested");
    const kinds = await world.kinds(runId);
    expect(kinds).toContain("activation.completed");
    expect(kinds).not.toContain("activation.failed");
  });

  it("takes the first of several, and leaves the others", async () => {
    const { world } = await worldOf([greeter], mode);
    expect(await world.call("Greeter/race")).toBe("quick");
  });

  it("keeps an object's state, one call at a time", async () => {
    const { world } = await worldOf([counter], mode);
    const sums = await Promise.all([1, 2, 3].map((n) => world.call("Counter/a/add", n)));
    expect(sums).toEqual([1, 3, 6]);
    expect(await world.call("Counter/a/get")).toBe(6);
    expect(await world.call("Counter/b/get")).toBe(0);
    expect(await world.call("Counter/a/keys")).toEqual(["count"]);
    await world.call("Counter/a/clear");
    expect(await world.call("Counter/a/get")).toBe(0);
  });

  it("calls other handlers, and sends to them", async () => {
    const caller = service({
      name: "Caller",
      handlers: {
        sum: async (ctx: Context, key: string) => {
          const client = ctx.objectClient<typeof counter>(counter, key);
          ctx.objectSendClient<typeof counter>(counter, key).add(10);
          const [a, b] = await RestatePromise.all([client.add(1), client.add(2)]);
          return [a, b, await ctx.serviceClient<typeof greeter>(greeter).greet("Bo")];
        },
        failing: async (ctx: Context) => {
          try {
            await ctx.serviceClient<typeof greeter>(greeter).refuse();
            return "fine";
          } catch (error) {
            return error instanceof TerminalError ? `${error.code}: ${error.message}` : "other";
          }
        },
      },
    });
    const { world } = await worldOf([caller, counter, greeter], mode);
    expect(await world.call("Caller/sum", "k")).toEqual([11, 13, "Hello Bo"]);
    expect(await world.call("Caller/failing")).toBe("418: no such name");
  });

  it("waits for an awakeable, with its stream open and suspended", async () => {
    const ids: string[] = [];
    const waiter = service({
      name: "Waiter",
      handlers: {
        wait: async (ctx: Context) => {
          const { id, promise } = ctx.awakeable<string>();
          await ctx.run("tell", () => void ids.push(id));
          return promise;
        },
        resolve: async (ctx: Context, id: string) => ctx.resolveAwakeable(id, "woken"),
        reject: async (ctx: Context, id: string) => ctx.rejectAwakeable(id, "not today"),
      },
    });
    const { world } = await worldOf([waiter], mode);
    const first = await world.send("Waiter/wait");
    await eventually(() => expect(ids).toHaveLength(1));
    await world.call("Waiter/resolve", ids[0]);
    expect(await world.value(first)).toBe("woken");
    const second = await world.send("Waiter/wait");
    await eventually(async () => {
      expect(await world.kinds(second)).toContain("activation.completed");
    });
    await world.call("Waiter/reject", ids.at(-1));
    expect(await world.value(second)).toMatchObject({ status: "failed", message: "not today" });
  });

  it("runs a workflow once, with promises that others settle", async () => {
    const signup = workflow({
      name: "Signup",
      handlers: {
        run: async (ctx: WorkflowContext, name: string) => {
          ctx.set("name", name);
          return `${name} said ${await ctx.promise<string>("word")}`;
        },
        say: async (ctx: WorkflowSharedContext, word: string) => {
          await ctx.promise<string>("word").resolve(word);
        },
        peek: async (ctx: WorkflowSharedContext) =>
          (await ctx.promise<string>("word").peek()) ?? "-",
        who: async (ctx: WorkflowSharedContext) => ctx.get<string>("name"),
      },
    });
    const { world } = await worldOf([signup], mode);
    const runId = await world.send("Signup/ada/run", "Ada");
    expect(await world.call("Signup/ada/peek")).toBe("-");
    await world.call("Signup/ada/say", "hello");
    expect(await world.value(runId)).toBe("Ada said hello");
    expect(await world.call("Signup/ada/who")).toBe("Ada");
    expect(await world.call("Signup/ada/peek")).toBe("hello");
    expect(await world.call("Signup/ada/say", "again")).toMatchObject({ status: "failed" });
  });

  it("hears of its cancellation, and cleans up", async () => {
    const cleaned: string[] = [];
    const patient = service({
      name: "Patient",
      handlers: {
        wait: async (ctx: Context): Promise<void> => {
          try {
            await ctx.sleep(60_000);
          } catch (error) {
            await ctx.run("clean", () => void cleaned.push("up"));
            throw error;
          }
        },
      },
    });
    const { world } = await worldOf([patient], mode);
    for (const kind of ["timer.started", "activation.completed"]) {
      const runId = await world.send("Patient/wait");
      await eventually(async () => expect(await world.kinds(runId)).toContain(kind));
      await world.engine.cancel({ runId });
      expect(await world.value(runId)).toMatchObject({ status: "cancelled", code: "409" });
    }
    expect(cleaned).toEqual(["up", "up"]);
  });
});

it("does the same over HTTP/1.1, a request at a time", async () => {
  const endpoint = await sdkEndpoint1([greeter, counter]);
  endpoints.push(endpoint);
  const world = await opened();
  const deployment = await world.register(endpoint.uri, { useHttp11: true });
  expect(deployment).toMatchObject({ protocolMode: "REQUEST_RESPONSE", useHttp11: true });
  expect(await world.call("Greeter/steps")).toBe(15);
  expect(await world.call("Greeter/nap", 30)).toBe("rested");
  expect(await world.call("Counter/a/add", 2)).toBe(2);
  expect(await world.call("Counter/a/add", 2)).toBe(4);
});

it.each([
  ["with its stream open", {}],
  ["suspended", brief],
])("stands still while it is paused, %s, and goes on when it is resumed", async (_, options) => {
  const { world } = await worldOf([greeter], options);
  const runId = await world.send("Greeter/nap", 300);
  await eventually(async () => expect(await world.kinds(runId)).toContain("timer.started"));
  await world.engine.pause(runId);
  await eventually(async () => expect(await world.kinds(runId)).toContain("timer.fired"));
  expect((await world.engine.describe(runId)).outcome).toBeUndefined();
  await world.engine.resume(runId);
  expect(await world.value(runId)).toBe("rested");
  expect(await world.kinds(runId)).not.toContain("activation.failed");
});

it("says what it waits for while its stream is open", async () => {
  const waiter = service({
    name: "Waiter",
    handlers: { wait: async (ctx: Context) => ctx.awakeable<string>().promise },
  });
  const { world } = await worldOf([waiter]);
  const runId = await world.send("Waiter/wait");
  await eventually(async () => {
    const { waiting } = await world.engine.why(runId);
    expect(waiting.map(({ on }) => on)).toEqual(["signal"]);
    expect(waiting[0]!.text).toMatch(/#17/);
  });
});

describe("an SDK that fails", () => {
  it("is tried again with the handler's delays, and told how often", async () => {
    const tries: number[] = [];
    const flaky = service({
      name: "Flaky",
      handlers: {
        once: async (): Promise<string> => {
          tries.push(Date.now());
          if (tries.length < 4) throw new Error("not yet");
          return "done";
        },
        step: async (ctx: Context) => {
          let count = 0;
          return ctx.run(
            "charge",
            () => {
              count += 1;
              tries.push(count);
              if (tries.length < 3) throw new Error("declined");
              return tries.length;
            },
            { initialRetryInterval: 5, maxRetryAttempts: 5 },
          );
        },
        never: async (ctx: Context) => {
          try {
            return await ctx.run("charge", () => Promise.reject(new Error("declined")), {
              initialRetryInterval: 1,
              maxRetryAttempts: 3,
            });
          } catch (error) {
            return `gave up: ${(error as Error).message}`;
          }
        },
      },
    });
    const { world } = await worldOf([flaky], brief);
    const runId = await world.send("Flaky/once");
    expect(await world.value(runId)).toBe("done");
    const failed = (await world.journal(runId)).filter(({ kind }) => kind === "activation.failed");
    expect(failed).toMatchObject(
      [10, 20, 40].map((retryAfterMs) => {
        return { failure: { code: "500", message: "not yet", retryAfterMs } };
      }),
    );
    tries.length = 0;
    expect(await world.call("Flaky/step")).toBe(3);
    expect(await world.call("Flaky/never")).toMatch(/gave up: .*declined/);
  });

  it("pauses when its attempts are used up, and goes on when a person says so", async () => {
    let isBroken = true;
    const broken = service({
      name: "Broken",
      handlers: {
        work: async (ctx: Context) =>
          ctx.run("charge", () => {
            if (isBroken) throw new Error("no such card");
            return "charged";
          }),
      },
    });
    const settings = { retry: { ...retry, maxAttempts: 2 } };
    const { world } = await worldOf([broken], { settings });
    const runId = await world.send("Broken/work");
    await eventually(async () => expect(await world.kinds(runId)).toContain("run.paused"));
    const { waiting } = await world.engine.why(runId);
    expect(waiting[0]).toMatchObject({ on: "person", lastFailure: { code: "500" } });
    expect(waiting[0]!.text).toMatch(/2 attempts failed.*no such card \(in "charge"\)/);
    isBroken = false;
    await world.engine.resume(runId);
    expect(await world.value(runId)).toBe("charged");
  });

  it("pauses at once when its code is not the code that wrote the journal", async () => {
    let isOther = false;
    const changing = service({
      name: "Changing",
      handlers: {
        work: async (ctx: Context) => {
          if (isOther) await ctx.run("b", () => 1);
          else await ctx.sleep(1);
          isOther = true;
          throw new Error("try again");
        },
      },
    });
    const { world } = await worldOf([changing], { settings: { retry } });
    const runId = await world.send("Changing/work");
    await eventually(async () => expect(await world.kinds(runId)).toContain("run.paused"));
    const paused = (await world.journal(runId)).find((event) => event.kind === "run.paused");
    expect(paused).toMatchObject({ reason: "nondeterminism" });
  });

  it("goes on after its connections were cut in the middle of a step", async () => {
    const begun: string[] = [];
    let release = (): void => undefined;
    const slow = service({
      name: "Slow",
      handlers: {
        work: async (ctx: Context) => {
          const first = await ctx.run("first", () => {
            begun.push("first");
            return 1;
          });
          const second = await ctx.run("second", async () => {
            begun.push("second");
            if (begun.length === 2) await new Promise<void>((resolve) => (release = resolve));
            return 2;
          });
          return first + second;
        },
      },
    });
    const { world, endpoint } = await worldOf([slow], { settings: { retry } });
    const runId = await world.send("Slow/work");
    await eventually(() => expect(begun).toEqual(["first", "second"]));
    expect((await world.engine.why(runId)).waiting[0]).toMatchObject({ on: "step", key: "second" });
    endpoint.cut();
    expect(await world.value(runId)).toBe(3);
    release();
    expect(begun).toEqual(["first", "second", "second"]);
    const failed = (await world.journal(runId)).filter(({ kind }) => kind === "activation.failed");
    expect(failed).toMatchObject([{ failure: { code: "RT0010" } }]);
  });

  it("waits for an endpoint that is away", async () => {
    const { world, endpoint } = await worldOf([greeter], { settings: { retry } });
    endpoint.close();
    const runId = await world.send("Greeter/greet", "Ada");
    await eventually(async () => expect(await world.kinds(runId)).toContain("activation.failed"));
    const port = Number(new URL(endpoint.uri).port);
    endpoints.push(await sdkEndpoint([greeter], { port }));
    expect(await world.value(runId)).toBe("Hello Ada");
  });
});

it("goes on in another process, over the same file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "perdure-restate-"));
  try {
    const file = join(folder, "store.db");
    const begun: string[] = [];
    const long = service({
      name: "Long",
      handlers: {
        work: async (ctx: Context) => {
          const { id, promise } = ctx.awakeable<string>();
          const step = await ctx.run("step", () => begun.push(id));
          return [step, await promise];
        },
        resolve: async (ctx: Context, id: string) => ctx.resolveAwakeable(id, "after"),
      },
    });
    const endpoint = await endpointOf([long]);
    const first = await World.open({ store: await SqliteStore.open(file), ...brief });
    await first.register(endpoint.uri);
    const runId = await first.send("Long/work");
    await eventually(async () => expect(await first.kinds(runId)).toContain("step.completed"));
    await first.close();
    const second = await opened({ store: await SqliteStore.open(file), ...brief });
    await second.call("Long/resolve", begun[0]);
    expect(await second.value(runId)).toEqual([1, "after"]);
    expect(begun).toHaveLength(1);
    await worlds.pop()!.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("suspends those that wait when others want their slots", async () => {
  const { world } = await worldOf([greeter], { attempts: 2 });
  const naps = await Promise.all([1, 2].map(() => world.send("Greeter/nap", 1_500)));
  await eventually(async () => {
    for (const runId of naps) expect(await world.kinds(runId)).toContain("timer.started");
  });
  expect(await world.call("Greeter/greet", "Ada")).toBe("Hello Ada");
  for (const runId of naps) expect(await world.value(runId)).toBe("rested");
});

it("is signed for an SDK that asks who calls", async () => {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" });
  const identity = new RequestIdentity(pem as string, systemEnv());
  const endpoint = await sdkEndpoint([greeter], { identityKeys: [identity.publicKey] });
  endpoints.push(endpoint);
  const world = await opened({ identity });
  await world.register(endpoint.uri);
  expect(await world.call("Greeter/greet", "Ada")).toBe("Hello Ada");
  expect(await world.call("Greeter/steps")).toBe(15);
});

describe("a new deployment", () => {
  it("gets new invocations, while the old one keeps its own", async () => {
    const version = (word: string) =>
      service({
        name: "Greeter",
        handlers: {
          greet: async (ctx: Context, ms: number) => {
            await ctx.sleep(ms);
            return word;
          },
        },
      });
    const { world } = await worldOf([version("one")], brief);
    const old = await world.send("Greeter/greet", 600);
    await eventually(async () => expect(await world.kinds(old)).toContain("timer.started"));
    const newer = await endpointOf([version("two")]);
    await world.register(newer.uri);
    expect(await world.call("Greeter/greet", 1)).toBe("two");
    expect(await world.value(old)).toBe("one");
  });
});
