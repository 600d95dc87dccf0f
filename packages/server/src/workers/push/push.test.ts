import { pushHandler, toNodeListener, type PushOptions } from "perdure/push";
import { task, workflow, type AnyWorkflow } from "perdure";
import { afterEach, describe, expect, it } from "vitest";
import { json, parsed, PushRig, until, type WebApp } from "./push.test-support.ts";

const rigs: PushRig[] = [];

async function open(...args: Parameters<typeof PushRig.open>): Promise<PushRig> {
  const rig = await PushRig.open(...args);
  rigs.push(rig);
  return rig;
}

afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig[Symbol.asyncDispose]();
});

const silent = { log: () => undefined };

interface Served {
  readonly app: WebApp;
  readonly key: string;
}

/** An app with this code, known to the server as `app`. */
async function serve(
  rig: PushRig,
  options: PushOptions,
  { id = "app", ...endpoint }: { id?: string; version?: string; concurrency?: number } = {},
): Promise<Served> {
  let listener = toNodeListener(pushHandler({ ...silent, insecure: true }));
  const app = await rig.app((request, response) => listener(request, response));
  const { key = "" } = await rig.push.put("default", id, { url: app.url, ...endpoint });
  listener = toNodeListener(pushHandler({ ...silent, ...options, keys: key }));
  await rig.push.put("default", id, { url: app.url, ...endpoint });
  await until(() => rig.push.list("default").some((one) => one.id === id && one.isServing));
  return { app, key };
}

async function run(rig: PushRig, code: AnyWorkflow, input: unknown = null): Promise<unknown> {
  return rig.output(await rig.startRun(code.name, input));
}

describe("a run whose code is reached by HTTP push", () => {
  it("goes through steps, sleeps, values and signals, an exchange at a time", async () => {
    const rig = await open();
    const order = workflow({ name: "order" }, async (ctx, item: string) => {
      const at = ctx.now();
      const paid = await ctx.step("pay", () => `paid ${item}`);
      await ctx.sleep(20);
      const answer = await ctx.waitFor("approval");
      return { paid, answer, isTime: at > 0 };
    });
    const { app } = await serve(rig, { workflows: [order] });
    const runId = await rig.startRun("order", "hat");
    await until(async () => (await rig.events(runId, "wait.started")).length > 0);
    await rig.engine.signal({ runId }, { name: "approval", payload: json("yes") });
    expect(await rig.output(runId)).toEqual({ paid: "paid hat", answer: "yes", isTime: true });
    expect(app.count("exchange")).toBeLessThanOrEqual(6);
    expect(await rig.events(runId, "activation.failed")).toEqual([]);
  });

  it("runs steps side by side, each recorded as it ends, in one exchange", async () => {
    const rig = await open();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const fan = workflow({ name: "fan" }, async (ctx) => {
      const slow = ctx.step("slow", () => gate.then(() => "slow"));
      const quick = await ctx.step("quick", () => "quick");
      return [quick, await slow];
    });
    const { app } = await serve(rig, { workflows: [fan] });
    const runId = await rig.startRun("fan");
    await until(async () => (await rig.events(runId, "step.completed")).length === 1);
    expect(app.count("exchange")).toBe(1);
    release();
    expect(await rig.output(runId)).toEqual(["quick", "slow"]);
  });

  it("does not come back between steps that need not wait for the disk", async () => {
    const rig = await open();
    const fast = workflow({ name: "fast", durability: "async" }, async (ctx) => {
      let sum = 0;
      for (let i = 0; i < 20; i++) sum += await ctx.step(`add-${i}`, async () => i);
      return sum;
    });
    const { app } = await serve(rig, { workflows: [fast] });
    expect(await run(rig, fast)).toBe(190);
    expect(app.count("exchange")).toBe(1);
  });

  it("sends the whole journal to an app that keeps nothing, with the same result", async () => {
    const rig = await open();
    const begun: string[] = [];
    const steps = workflow({ name: "steps" }, async (ctx) => {
      begun.push("begun");
      let text = "";
      for (const name of ["a", "b", "c"]) text += await ctx.step(name, () => name);
      return text;
    });
    await serve(rig, { workflows: [steps], keepRuns: 0 });
    expect(await run(rig, steps)).toBe("abc");
    expect(begun).toHaveLength(3);
  });

  it("begins again, with the whole journal, in an app that was restarted between two exchanges", async () => {
    const rig = await open();
    const ran: string[] = [];
    const long = workflow({ name: "long" }, async (ctx) => {
      await ctx.step("first", () => ran.push("first"));
      await ctx.waitFor("go");
      return ctx.step("second", ({ maybeRan }) => ran.push("second") && maybeRan);
    });
    const { app, key } = await serve(rig, { workflows: [long] });
    const runId = await rig.startRun("long");
    await until(async () => (await rig.events(runId, "wait.started")).length > 0);
    const port = await app.kill();
    const again = toNodeListener(pushHandler({ ...silent, workflows: [long], keys: key }));
    await rig.app(again, port);
    await rig.engine.signal({ runId }, { name: "go" });
    expect(await rig.output(runId)).toBe(false);
    expect(ran).toEqual(["first", "second"]);
  });

  it("answers queries and updates, also while it waits, and refuses what is not valid", async () => {
    const rig = await open();
    const counter = workflow({ name: "counter" }, async (ctx) => {
      let sum = 0;
      ctx.onQuery("sum", () => sum);
      ctx.onUpdate(
        "add",
        (by) => {
          sum += Number(by);
          return sum;
        },
        {
          validate: (by) => {
            if (Number(by) < 0) throw new Error("only up");
          },
        },
      );
      await ctx.waitFor("end");
      return sum;
    });
    await serve(rig, { workflows: [counter] });
    const runId = await rig.startRun("counter");
    const add = (by: number) => rig.engine.update({ runId }, "add", json(by));
    expect(parsed((await add(2))!.data)).toBe(2);
    expect(parsed((await add(3))!.data)).toBe(5);
    await expect(add(-1)).rejects.toThrow(/only up/);
    const sum = await rig.engine.query({ runId }, "sum", json(null));
    expect(parsed(sum.data)).toBe(5);
    await rig.engine.signal({ runId }, { name: "end" });
    expect(await rig.output(runId)).toBe(5);
    const closed = await rig.engine.query({ runId }, "sum", json(null));
    expect(parsed(closed.data)).toBe(5);
  });

  it("is told when the app has no such workflow any more", async () => {
    const rig = await open();
    const gone = workflow({ name: "gone" }, async (ctx) => ctx.waitFor("never"));
    const { app, key } = await serve(rig, { workflows: [gone] });
    const port = await app.kill();
    await rig.app(toNodeListener(pushHandler({ ...silent, keys: key })), port);
    const runId = await rig.startRun("gone");
    await until(async () => (await rig.events(runId, "activation.failed")).length > 0);
    const [failed] = await rig.events(runId, "activation.failed");
    expect(failed?.failure.message).toMatch(/no workflow "gone"/);
  });
});

describe("a task over HTTP push", () => {
  it("streams its heartbeats and its result", async () => {
    const rig = await open();
    const work = task({ name: "work" }, async (input: string, ctx) => {
      ctx.heartbeat("half");
      await new Promise((resolve) => void setTimeout(resolve, 20));
      return `${input} done`;
    });
    const boss = workflow({ name: "boss" }, async (ctx) => ctx.run(work, "it"));
    await serve(rig, { workflows: [boss], tasks: [work] });
    const runId = await rig.startRun("boss");
    expect(await rig.output(runId)).toBe("it done");
    expect(await rig.events(runId, "step.heartbeat")).toHaveLength(1);
  });

  it("has its signal aborted when the run is cancelled", async () => {
    const rig = await open();
    let isBegun = false;
    let told: unknown;
    const work = task({ name: "work" }, async (_input: unknown, ctx) => {
      isBegun = true;
      await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
      told = ctx.signal.reason;
    });
    const boss = workflow({ name: "boss" }, async (ctx) => ctx.run(work, undefined));
    await serve(rig, { workflows: [boss], tasks: [work] });
    const runId = await rig.startRun("boss");
    await until(() => isBegun);
    await rig.engine.cancel({ runId }, "no more");
    expect(await rig.engine.outcome(runId)).toMatchObject({ status: "cancelled" });
    await until(() => told !== undefined);
  });

  it("may have run when the app died in the middle of it, and says so", async () => {
    const rig = await open();
    let attempts = 0;
    let kill = (): void => undefined;
    const work = task({ name: "work", retry: { initialMs: 10 } }, async (_input: unknown, ctx) => {
      if (++attempts > 1) return ctx.maybeRan;
      kill();
      await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
      return "never seen";
    });
    const boss = workflow({ name: "boss" }, async (ctx) => ctx.run(work, undefined));
    const code = { workflows: [boss], tasks: [work] };
    const { app, key } = await serve(rig, code);
    kill = () => {
      const again = toNodeListener(pushHandler({ ...silent, ...code, keys: key }));
      void app.kill().then((port) => rig.app(again, port));
    };
    expect(await run(rig, boss)).toBe(true);
  });
});

describe("an app that fails", () => {
  it("dies in the middle of a step: the step runs again and knows that it may have run", async () => {
    const rig = await open();
    let attempts = 0;
    let kill = (): void => undefined;
    const risky = workflow({ name: "risky" }, async (ctx) =>
      ctx.step("act", async ({ maybeRan, signal }) => {
        if (++attempts > 1) return maybeRan;
        kill();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return "never seen";
      }),
    );
    const { app, key } = await serve(rig, { workflows: [risky] });
    kill = () => {
      const again = toNodeListener(pushHandler({ ...silent, workflows: [risky], keys: key }));
      void app.kill().then((port) => rig.app(again, port));
    };
    const runId = await rig.startRun("risky");
    expect(await rig.output(runId)).toBe(true);
    const [failed] = await rig.events(runId, "activation.failed");
    expect(failed?.failure).toMatchObject({ code: "push-failed" });
    expect(failed?.failure.message).toMatch(/127\.0\.0\.1.*it may have acted/);
  });

  it("is down: the run waits with a reason, makes no hot loop, and is not said to have run", async () => {
    const rig = await open();
    const ran: boolean[] = [];
    const plain = workflow({ name: "plain" }, async (ctx) =>
      ctx.step("act", ({ maybeRan }) => ran.push(maybeRan)),
    );
    const { app, key } = await serve(rig, { workflows: [plain] });
    const port = await app.kill();
    const runId = await rig.startRun("plain");
    await until(async () => (await rig.events(runId, "activation.failed")).length > 0);
    const why = JSON.stringify(await rig.engine.why(runId));
    expect(why).toMatch(/was not reached: no connection to 127\.0\.0\.1/);
    await rig.app(toNodeListener(pushHandler({ ...silent, workflows: [plain], keys: key })), port);
    await rig.output(runId);
    expect(ran).toEqual([false]);
    expect((await rig.events(runId, "activation.failed")).length).toBeLessThan(4);
  });

  it.each([
    ["says 500", 500, "broken", /answered 500: broken; it may have acted/],
    ["says 404", 404, "", /answered 404; no push handler is served at this URL/],
    ["sends the caller elsewhere", 302, "", /redirects are not followed/],
    ["answers with a page", 200, "<html>hello</html>", /not as a push handler does/],
  ])("%s", async (_, status, text, reason) => {
    const rig = await open();
    const plain = workflow({ name: "plain" }, async () => "done");
    const { app } = await serve(rig, { workflows: [plain] });
    const port = await app.kill();
    await rig.app((request, response) => {
      response.writeHead(status, { location: "http://127.0.0.1:1/", "content-type": "text/html" });
      response.end(text);
    }, port);
    const runId = await rig.startRun("plain");
    await until(async () => (await rig.events(runId, "activation.failed")).length > 0);
    const [failed] = await rig.events(runId, "activation.failed");
    expect(failed?.failure.message).toMatch(reason);
  });

  it.each([
    ["garbage", (bytes: Buffer) => Buffer.alloc(bytes.length, 0x20), /bytes, the limit|not signed/],
    ["a wrong MAC", (bytes: Buffer) => flip(bytes, 20), /not signed as it should be/],
    ["another content", (bytes: Buffer) => flip(bytes, 40), /not signed as it should be/],
    ["half of it", (bytes: Buffer) => bytes.subarray(0, bytes.length / 2), /ended too early/],
    ["nothing", (bytes: Buffer) => bytes.subarray(0, 0), /ended too early/],
    ["no end", (bytes: Buffer) => bytes.subarray(0, frameEnd(bytes)), /ended too early/],
    ["a huge frame", () => Buffer.from("ffffffff".padEnd(80, "0"), "hex"), /the limit is/],
  ])(
    "answers %s: nothing of it counts, and it is said that code may have run",
    async (_, bend, reason) => {
      const rig = await open();
      const plain = workflow({ name: "plain" }, async (ctx) => {
        await ctx.step("act", () => "acted");
        return ctx.step("tell", () => "done");
      });
      const { app, key } = await serve(rig, { workflows: [plain] });
      const handler = pushHandler({ ...silent, workflows: [plain], keys: key });
      let bent = 0;
      const port = await app.kill();
      const proxy = async (request: Request): Promise<Response> => {
        const answer = await handler(request);
        const isExchange = request.headers.get("perdure-signature")?.includes("for=exchange");
        if (!isExchange || bent++ > 0) return answer;
        const bytes = bend(Buffer.from(await answer.arrayBuffer()));
        return new Response(new Uint8Array(bytes), { headers: answer.headers });
      };
      const from = (request: Request) => proxy(request);
      await rig.app(toNodeListener(Object.assign(from, { from })), port);
      const runId = await rig.startRun("plain");
      await until(async () => (await rig.events(runId, "activation.failed")).length > 0);
      const [failed] = await rig.events(runId, "activation.failed");
      expect(failed?.failure.message).toMatch(reason);
      expect(failed?.failure.message).toMatch(/may have acted/);
      expect(await rig.output(runId)).toBe("done");
    },
  );

  it("gets a request twice from something on the way, which passes the second answer on: it may have acted", async () => {
    const rig = await open();
    const told: boolean[] = [];
    const charge = task({ name: "charge", retry: { initialMs: 10 } }, (_: null, attempt) => {
      told.push(attempt.maybeRan);
      return "charged";
    });
    const paid = workflow({ name: "paid" }, async (ctx) => ctx.run(charge, null));
    const { app, key } = await serve(rig, { workflows: [paid], tasks: [charge] });
    const handler = pushHandler({ ...silent, workflows: [paid], tasks: [charge], keys: key });
    let repeated = 0;
    const port = await app.kill();
    const proxy = async (request: Request): Promise<Response> => {
      const isTask = request.headers.get("perdure-signature")?.includes("for=task");
      if (isTask && repeated++ === 0) {
        const first = await handler(request.clone());
        await first.arrayBuffer();
      }
      return handler(request);
    };
    const from = (request: Request) => proxy(request);
    await rig.app(toNodeListener(Object.assign(from, { from })), port);
    const runId = await rig.startRun("paid");
    expect(await rig.output(runId)).toBe("charged");
    expect(told).toEqual([false, true]);
    const [ended] = await rig.events(runId, "step.completed");
    expect(ended).toMatchObject({ maybeRan: true });
  });

  it("is busy: it is asked again when it said", async () => {
    const rig = await open();
    const plain = workflow({ name: "plain" }, async () => "done");
    const { app, key } = await serve(rig, { workflows: [plain] });
    const listener = toNodeListener(pushHandler({ ...silent, workflows: [plain], keys: key }));
    let refused = 0;
    const port = await app.kill();
    await rig.app((request, response) => {
      if (refused++ > 0) return listener(request, response);
      request.resume();
      response.writeHead(503, { "retry-after": "0" }).end();
    }, port);
    const runId = await rig.startRun("plain");
    expect(await rig.output(runId)).toBe("done");
    expect(await rig.events(runId, "activation.failed")).toEqual([]);
  });

  it("is down: a task that was never sent uses up none of its attempts", async () => {
    const rig = await open();
    const seen: unknown[] = [];
    const work = task({ name: "work", retry: { maxAttempts: 1 } }, (_: null, ctx) => {
      seen.push(ctx.maybeRan);
      return "done";
    });
    const boss = workflow({ name: "boss" }, async (ctx) => ctx.run(work, null));
    const { app, key } = await serve(rig, { workflows: [boss], tasks: [work] });
    const handler = pushHandler({ ...silent, workflows: [boss], tasks: [work], keys: key });
    const port = await app.kill();
    const listener = toNodeListener(handler);
    let refused = 0;
    await rig.app((request, response) => {
      const isTask = request.headers["perdure-signature"]?.includes("for=task");
      if (!isTask || refused >= 2) return listener(request, response);
      refused++;
      request.resume();
      response.writeHead(404).end();
    }, port);
    const runId = await rig.startRun("boss");
    expect(await rig.output(runId)).toBe("done");
    expect(seen).toEqual([false]);
    const failed = await rig.events(runId, "step.failed");
    expect(failed.map(({ untouched }) => untouched)).toEqual([true, true]);
  });

  it("takes no work while it is down: that waits, or other workers do it", async () => {
    const rig = await open();
    const plain = workflow({ name: "plain" }, async () => "done");
    const { app, key } = await serve(rig, { workflows: [plain] });
    const port = await app.kill();
    const runs = await Promise.all(Array.from({ length: 8 }, () => rig.startRun("plain")));
    const endpoint = () => rig.push.list("default")[0]!;
    await until(() => !endpoint().isServing);
    expect(endpoint().circuit.state).not.toBe("closed");
    const late = await rig.startRun("plain");
    expect(JSON.stringify(await rig.engine.why(late))).toContain("no worker");
    expect(await rig.events(late, "activation.failed")).toEqual([]);
    await rig.app(toNodeListener(pushHandler({ ...silent, workflows: [plain], keys: key })), port);
    expect(await rig.output(late)).toBe("done");
    expect(endpoint()).toMatchObject({ isServing: true, circuit: { state: "closed" } });
    for (const runId of runs) expect(await rig.output(runId)).toBe("done");
  });

  it("is spared after some failures in a row, and found again when it is back", async () => {
    const rig = await open();
    const plain = workflow({ name: "plain" }, async () => "done");
    const { app, key } = await serve(rig, { workflows: [plain] });
    let calls = 0;
    const port = await app.kill();
    const broken = await rig.app((request, response) => {
      if (request.headers["perdure-signature"]?.includes("for=exchange")) calls++;
      request.resume();
      response.writeHead(500).end();
    }, port);
    const runs = await Promise.all(Array.from({ length: 30 }, () => rig.startRun("plain")));
    const circuit = () => rig.push.list("default")[0]!.circuit;
    await until(() => circuit().state !== "closed");
    expect(circuit()).toMatchObject({ lastError: expect.stringMatching(/answered 500/) });
    await broken.kill();
    expect(calls).toBeLessThanOrEqual(40);
    await rig.app(toNodeListener(pushHandler({ ...silent, workflows: [plain], keys: key })), port);
    expect(await Promise.all(runs.map((runId) => rig.output(runId)))).toEqual(
      runs.map(() => "done"),
    );
    expect(circuit().state).toBe("closed");
  });
});

describe("endpoints", () => {
  it("go on after the server was restarted in the middle of a run", async () => {
    const rig = await open();
    const ran: string[] = [];
    const long = workflow({ name: "long" }, async (ctx) => {
      await ctx.step("first", () => ran.push("first"));
      await ctx.waitFor("go");
      return ctx.step("second", () => ran.push("second"));
    });
    await serve(rig, { workflows: [long] });
    const runId = await rig.startRun("long");
    await until(async () => (await rig.events(runId, "wait.started")).length > 0);
    await rig.stop();
    await rig.start();
    await rig.engine.signal({ runId }, { name: "go" });
    await rig.output(runId);
    expect(ran).toEqual(["first", "second"]);
  });

  it("change to a new key as soon as the app knows it, and the old one is then unknown", async () => {
    const rig = await open();
    const plain = workflow({ name: "plain" }, async () => "done");
    const { app, key } = await serve(rig, { workflows: [plain] });
    const { key: next } = await rig.push.rotate("default", "app", false);
    expect(await run(rig, plain)).toBe("done");
    const [before] = rig.push.list("default");
    expect(before).toMatchObject({ kid: key.split("_")[1], nextKid: next.split("_")[1] });
    const port = await app.kill();
    const both = { ...silent, workflows: [plain], keys: `${next} ${key}` };
    const middle = await rig.app(toNodeListener(pushHandler(both)), port);
    await rig.push.put("default", "app", { url: middle.url });
    await until(() => rig.push.list("default")[0]?.nextKid === undefined);
    expect(rig.push.list("default")[0]).toMatchObject({ kid: next.split("_")[1] });
    await middle.kill();
    await rig.app(toNodeListener(pushHandler({ ...both, keys: next })), port);
    expect(await run(rig, plain)).toBe("done");
  });

  it("of an old and a new version serve side by side, each its own workflows", async () => {
    const rig = await open();
    const told: string[] = [];
    const make = (version: string) =>
      workflow({ name: version }, async () => void told.push(version));
    await serve(rig, { workflows: [make("one")], version: "1" }, { id: "old" });
    await serve(rig, { workflows: [make("two")], version: "2" }, { id: "new" });
    await Promise.all([run(rig, make("one")), run(rig, make("two"))]);
    expect(told.toSorted()).toEqual(["one", "two"]);
    expect(
      rig.push.list("default").map(({ id, description }) => [id, description?.version]),
    ).toEqual([
      ["new", "2"],
      ["old", "1"],
    ]);
  });

  it("keep the triggers and schedules of their workflows known to the engine", async () => {
    const rig = await open();
    const heard = workflow(
      { name: "heard", triggers: [{ event: "paid" }], cron: "@yearly" },
      async (_ctx, event: string) => event,
    );
    await serve(rig, { workflows: [heard] });
    await rig.engine.publish("default", "paid", { payload: json("loud") });
    const found = async () => (await rig.engine.list({ namespace: "default", limit: 10 })).rows;
    await until(async () => (await found()).length === 1);
    expect(await rig.output((await found())[0]!.runId)).toBe("loud");
    const { schedules } = await rig.engine.listSchedules("default");
    expect(schedules).toHaveLength(1);
  });

  it("that are insecure must be on this machine; a forbidden URL is refused when it is put", async () => {
    const rig = await open();
    const put = (url: string, insecure: boolean) => rig.push.put("default", "x", { url, insecure });
    await expect(put("https://app.example/", true)).rejects.toThrow(/must be on this machine/);
    await expect(put("http://10.0.0.1/", false)).rejects.toThrow(/not a public host/);
    const plain = workflow({ name: "plain" }, async () => "done");
    const handler = pushHandler({ ...silent, workflows: [plain], insecure: true });
    const app = await rig.app(toNodeListener(handler));
    const { key } = await put(app.url, true);
    expect(key).toBeUndefined();
    await until(() => rig.push.list("default")[0]?.isServing === true);
    expect(await run(rig, plain)).toBe("done");
  });

  it("take so many exchanges at a time and no more", async () => {
    const rig = await open();
    let now = 0;
    let most = 0;
    const busy = workflow({ name: "busy" }, async (ctx) =>
      ctx.step("work", async () => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => void setTimeout(resolve, 5));
        now--;
      }),
    );
    await serve(rig, { workflows: [busy] }, { concurrency: 3 });
    await Promise.all(Array.from({ length: 20 }, () => run(rig, busy)));
    expect(most).toBe(3);
  });
});

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
}

/** The first frame alone. */
function frameEnd(bytes: Buffer): number {
  return 36 + bytes.readUInt32BE(0);
}
