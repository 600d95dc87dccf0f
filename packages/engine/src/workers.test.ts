import { describe, expect, it } from "vitest";
import { text } from "./testing/payloads.test-support.ts";
import { Rig } from "./testing/rig.test-support.ts";
import type { Script } from "./testing/scripted-worker.test-support.ts";
import { ends, remote, sleeps, three, waits } from "./testing/scripts.test-support.ts";

const go = { name: "go", payload: text("x") };

describe("a worker", () => {
  it("keeps the run it has: later events go to the same one", async () => {
    const rig = await Rig.open();
    const one = rig.worker({ id: "one", scripts: { waits } });
    const { runId } = await rig.start({ workflow: "waits" });
    await rig.env.still();
    const two = rig.worker({ id: "two", scripts: { waits } });
    await rig.env.run(rig.engine.signal({ runId }, go));
    await rig.result(runId);
    expect(one.ran).toEqual(["before", "after"]);
    expect(two.activations).toEqual([]);
    await rig.close();
  });

  it("gives up the coroutine that has waited longest when another run needs its slot", async () => {
    const rig = await Rig.open();
    const worker = rig.worker({ scripts: { waits, three }, options: { runSlots: 2 } });
    const runs = [];
    for (let i = 0; i < 4; i++) {
      runs.push((await rig.start({ workflow: "waits" })).runId);
      await rig.env.still();
    }
    expect(worker.evicted).toEqual(runs.slice(0, 2));
    for (const runId of runs) await rig.env.run(rig.engine.signal({ runId }, go));
    for (const runId of runs) expect(await rig.result(runId)).toBe("x");
    expect(worker.ran.filter((step) => step === "before")).toHaveLength(4);
    expect(worker.activations.every(({ lostAt }) => lostAt === 0)).toBe(true);
    await rig.close();
  });

  it("is never robbed of a run whose code is busy", async () => {
    const rig = await Rig.open();
    const worker = rig.worker({ scripts: { three }, options: { runSlots: 1 } });
    worker.stuck.add("a");
    const first = await rig.start({ workflow: "three" });
    await rig.env.still();
    await rig.start({ workflow: "three" });
    await rig.env.still();
    expect(worker.evicted).toEqual([]);
    expect(worker.activations.map(({ runId }) => runId)).toEqual([first.runId]);
    expect(rig.engine.stats().runsWaiting).toBe(1);
    worker.session.close();
    await rig.close();
  });

  it("begins the next run while the end of one is written, and no more than its slots of those", async () => {
    let isSlow = false;
    const written = Promise.withResolvers<"none">();
    const after = (): Promise<"none"> => (isSlow ? written.promise : Promise.resolve("none"));
    const faults = { before: () => Promise.resolve("none" as const), after };
    const rig = await Rig.open({ faults, tuning: { commitsInFlight: 100 } });
    const runs = [];
    for (let i = 0; i < 5; i++) runs.push((await rig.start({ workflow: "ends" })).runId);
    await rig.env.still();
    isSlow = true;
    const worker = rig.worker({ scripts: { ends }, options: { runSlots: 1 } });
    await rig.env.still();
    expect(worker.activations.map(({ runId }) => runId)).toEqual(runs.slice(0, 2));
    isSlow = false;
    written.resolve("none");
    for (const runId of runs) expect(await rig.result(runId)).toBe("ended");
    expect(worker.activations.map(({ runId }) => runId)).toEqual(runs);
    await rig.close();
  });

  it("that is silent for its lease is lost, and its busy run is told so elsewhere", async () => {
    const rig = await Rig.open();
    const one = rig.worker({ id: "one", scripts: { three }, options: { leaseMs: 5_000 } });
    one.stuck.add("b");
    const { runId } = await rig.start({ workflow: "three" });
    await rig.env.still();
    const two = rig.worker({ id: "two", scripts: { three } });
    await rig.env.pass(4_000);
    expect(two.activations).toEqual([]);
    expect(await rig.result(runId)).toBe("123");
    expect(two.activations).toMatchObject([{ lostAt: 2 }]);
    await rig.close();
  });

  it("that is lost cannot write any more (W2)", async () => {
    const rig = await Rig.open();
    const one = rig.worker({ id: "one", scripts: { three }, options: { leaseMs: 5_000 } });
    one.stuck.add("a");
    const { runId } = await rig.start({ workflow: "three" });
    await rig.env.pass(6_000);
    const { lease } = one.activations[0]!;
    const forged = { type: "run.complete", output: text("zombie") } as const;
    one.session.answer(runId, lease, { commands: [forged] });
    rig.worker({ id: "two", scripts: { three } });
    expect(await rig.result(runId)).toBe("123");
    await rig.close();
  });

  it("whose answer is overtaken by the loss of its hold writes nothing either", async () => {
    const rig = await Rig.open();
    const one = rig.worker({ id: "one", scripts: { three } });
    one.stuck.add("a");
    const { runId } = await rig.start({ workflow: "three" });
    await rig.env.still();
    const { lease } = one.activations[0]!;
    const forged = { type: "run.complete", output: text("zombie") } as const;
    one.session.answer(runId, lease, { commands: [forged] });
    one.session.close();
    rig.worker({ id: "two", scripts: { three } });
    expect(await rig.result(runId)).toBe("123");
    await rig.close();
  });

  it("that cannot run the code is asked again later, and the run does not fail", async () => {
    const rig = await Rig.open();
    const worker = rig.worker({ scripts: { three } });
    worker.stuck.add("a");
    const { runId } = await rig.start({ workflow: "three" });
    await rig.env.still();
    const { lease } = worker.activations[0]!;
    const failure = { code: "module", message: "cannot find ./mail.ts" };
    worker.session.answer(runId, lease, { commands: [], failure });
    await rig.env.still();
    expect(worker.evicted).toEqual([runId]);
    expect((await rig.env.run(rig.engine.describe(runId))).row.status).toBe("open");
    worker.stuck.clear();
    expect(await rig.result(runId)).toBe("123");
    expect(await rig.kinds(runId)).toContain("activation.failed");
    await rig.close();
  });

  it("whose code contradicts the journal pauses the run, until somebody resumes it", async () => {
    const rig = await Rig.open();
    const worker = rig.worker({ scripts: { three } });
    worker.stuck.add("b");
    const { runId } = await rig.start({ workflow: "three" });
    await rig.env.still();
    const { lease } = worker.activations[0]!;
    const other = { key: "z", ordinal: 1, name: "z", attempt: 1, output: text("") };
    worker.session.answer(runId, lease, { commands: [{ type: "step.complete", ...other }] });
    await rig.env.still();
    expect((await rig.env.run(rig.engine.describe(runId))).row.status).toBe("paused");
    worker.stuck.clear();
    await rig.env.run(rig.engine.resume(runId));
    expect(await rig.result(runId)).toBe("123");
    await rig.close();
  });

  it("drains: what waits is handed back, what is busy is finished", async () => {
    const rig = await Rig.open();
    const one = rig.worker({
      id: "one",
      scripts: { waits, three },
      tasks: { work: () => undefined },
    });
    const waiting = await rig.start({ workflow: "waits" });
    await rig.env.still();
    one.stuck.add("a");
    const busy = await rig.start({ workflow: "three" });
    await rig.env.still();
    let isDrained = false;
    const drained = one.session.drain().then(() => void (isDrained = true));
    await rig.env.still();
    expect(one.evicted).toEqual([waiting.runId]);
    expect(isDrained).toBe(false);
    const { lease } = one.activations[1]!;
    one.session.answer(busy.runId, lease, {
      commands: [{ type: "run.complete", output: text("at last") }],
    });
    await rig.env.run(drained);
    expect(await rig.result(busy.runId)).toBe("at last");
    const two = rig.worker({ id: "two", scripts: { waits, three } });
    await rig.env.run(rig.engine.signal({ runId: waiting.runId }, go));
    expect(await rig.result(waiting.runId)).toBe("x");
    expect(two.ran).toEqual(["after"]);
    await rig.close();
  });
});

describe("an attempt of a remote step", () => {
  it("is claimed by one worker only, as many at a time as it has slots", async () => {
    const rig = await Rig.open();
    rig.worker({ id: "code", scripts: { remote } });
    const hands = rig.worker({
      id: "hands",
      tasks: { work: () => undefined },
      options: { taskSlots: 2 },
    });
    const runs = [];
    for (let i = 0; i < 5; i++) runs.push((await rig.start({ workflow: "remote" })).runId);
    await rig.env.still();
    expect(hands.claimed).toHaveLength(2);
    expect(rig.engine.stats()).toMatchObject({ tasksWaiting: 3, tasksRunning: 2 });
    const other = rig.worker({ id: "other", tasks: { work: () => "ok" } });
    await rig.env.still();
    expect(other.claimed).toHaveLength(3);
    for (const { token } of hands.claimed) {
      const result = { type: "completed", output: text("ok") } as const;
      await rig.env.run(hands.session.result(token, result));
    }
    for (const runId of runs) expect(await rig.result(runId)).toBe("ok");
    await rig.close();
  });

  it("is not run when its run was closed before the claim was heard", async () => {
    const rig = await Rig.open();
    rig.worker({ id: "code", scripts: { remote } });
    const { runId } = await rig.start({ workflow: "remote" });
    await rig.env.still();
    const terminated = rig.engine.terminate(runId);
    const hands = rig.worker({ id: "hands", tasks: { work: () => "too late" } });
    await rig.env.run(terminated);
    await rig.env.still();
    expect(hands.claimed).toEqual([]);
    expect(rig.engine.stats()).toMatchObject({ tasksWaiting: 0, tasksRunning: 0 });
    await rig.close();
  });

  it("ends once: a second result, and one of a lost worker, is stale", async () => {
    const rig = await Rig.open();
    rig.worker({ id: "code", scripts: { remote } });
    const slow = rig.worker({
      id: "slow",
      tasks: { work: () => undefined },
      options: { leaseMs: 5_000 },
    });
    const { runId } = await rig.start({ workflow: "remote" });
    await rig.env.pass(6_000);
    const result = { type: "completed", output: text("too late") } as const;
    const { token } = slow.claimed[0]!;
    await expect(rig.env.run(slow.session.result(token, result))).rejects.toMatchObject({
      code: "stale",
    });
    const quick = rig.worker({ id: "quick", tasks: { work: () => "in time" } });
    expect(await rig.result(runId)).toBe("in time");
    expect(quick.claimed[0]).toMatchObject({ maybeRan: true, token: { attempt: 2 } });
    await expect(
      rig.env.run(quick.session.result(quick.claimed[0]!.token, result)),
    ).rejects.toMatchObject({ code: "stale" });
    await rig.close();
  });

  it("is told by its heartbeat when it is not wanted any more", async () => {
    const rig = await Rig.open();
    rig.worker({ id: "code", scripts: { remote } });
    const hands = rig.worker({ id: "hands", tasks: { work: () => undefined } });
    const { runId } = await rig.start({ workflow: "remote" });
    await rig.env.still();
    const { token } = hands.claimed[0]!;
    const beat = await rig.env.run(hands.session.beat(token, text("half")));
    expect(beat).toEqual({ cancelRequested: false });
    await rig.env.run(rig.engine.terminate(runId));
    expect(hands.cancelled).toEqual([token]);
    await expect(rig.env.run(hands.session.beat(token))).rejects.toMatchObject({ code: "stale" });
    hands.session.close();
    await rig.close();
  });

  it("is taken in the order of priority, each fairness key in turn", async () => {
    const rig = await Rig.open();
    const order: string[] = [];
    const scripts = Object.fromEntries(
      ["a1", "a2", "b1", "urgent"].map((name) => [
        name,
        function* (): ReturnType<Script> {
          const spec = { priority: name === "urgent" ? 5 : 0, fairnessKey: name.charAt(0) };
          return yield { task: "work", spec: { ...spec, input: text(name) } };
        },
      ]),
    );
    rig.worker({ id: "code", scripts });
    const runs = [];
    for (const workflow of ["a1", "a2", "b1", "urgent"]) {
      runs.push((await rig.start({ workflow })).runId);
      await rig.env.still();
    }
    rig.worker({
      id: "hands",
      tasks: {
        work: ({ workflow }) => {
          order.push(workflow);
          return "ok";
        },
      },
      options: { taskSlots: 1 },
    });
    for (const runId of runs) await rig.result(runId);
    expect(order).toEqual(["urgent", "a1", "b1", "a2"]);
    await rig.close();
  });
});

describe("an engine that closes", () => {
  it("takes no new runs, lets the busy ones finish, and goes on when it is opened again", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { three, sleeps } });
    const asleep = await rig.start({ workflow: "sleeps" });
    const started = rig.engine.start({
      namespace: "test",
      workflow: "three",
      queue: "main",
      input: text(""),
    });
    const { runId } = await rig.env.run(started);
    const closed = rig.close();
    await expect(rig.start({ workflow: "three" })).rejects.toMatchObject({ code: "unavailable" });
    await closed;
    const next = await Rig.open({ disk: rig.disk });
    next.worker({ scripts: { three, sleeps } });
    expect(await next.result(runId)).toBe("123");
    expect(await next.result(asleep.runId)).toBe("rested");
    await next.close();
  });

  it("leaves no timer behind that would keep its process alive", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { three, sleeps } });
    await rig.start({ workflow: "sleeps" });
    await rig.env.still();
    expect(rig.env.pendingTimers).toBeGreaterThan(0);
    await rig.close();
    expect(rig.env.pendingTimers).toBe(0);
  });

  it("does not wait longer than it was told for a worker that does not finish", async () => {
    const rig = await Rig.open({ tuning: { drainMs: 3_000 } });
    const worker = rig.worker({ scripts: { three } });
    worker.stuck.add("a");
    await rig.start({ workflow: "three" });
    await rig.env.still();
    const before = rig.env.now();
    await rig.close();
    expect(rig.env.now() - before).toBe(3_000);
    expect(() => rig.worker({ id: "late" })).toThrow(/closed/);
  });
});
