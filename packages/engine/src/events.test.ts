import { describe, expect, it } from "vitest";
import { limits, runStream, type ScheduleSpec } from "@perdure/kernel";
import { Disk, type MemoryStore } from "@perdure/store";
import type { ListPage, SchedulePage } from "./client.ts";
import { text, textOf } from "./testing/payloads.test-support.ts";
import { Rig } from "./testing/rig.test-support.ts";
import type { Script } from "./testing/scripted-worker.test-support.ts";
import { sleeps, three, waits } from "./testing/scripts.test-support.ts";

const hears: Script = function* () {
  return yield { event: "order.paid" };
};

describe("a published event", () => {
  it("resumes every run that waits for it, on whatever partition, once", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { hears } });
    const runs = [];
    for (let i = 0; i < 10; i++) runs.push((await rig.start({ workflow: "hears" })).runId);
    await rig.env.still();
    const body = { id: "e1", payload: text("42") };
    await rig.env.run(rig.engine.publish("test", "order.paid", body));
    await rig.env.run(rig.engine.publish("test", "order.paid", body));
    for (const runId of runs) expect(await rig.result(runId)).toBe("42");
    await rig.close();
  });

  it("starts what a trigger names, until the trigger is taken away", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { three } });
    const trigger = { id: "t", workflow: "three", queue: "main" };
    await rig.env.run(rig.engine.setTrigger("test", "order.paid", trigger));
    await rig.env.run(rig.engine.publish("test", "order.paid", { payload: text("1") }));
    await rig.env.run(rig.engine.removeTrigger("test", "order.paid", "t"));
    await rig.env.run(rig.engine.publish("test", "order.paid", { payload: text("2") }));
    await rig.env.pass(1_000);
    expect(await rig.env.run(rig.engine.count({ namespace: "test" }))).toBe(1);
    await rig.close();
  });
});

describe("a schedule", () => {
  const policy = {
    overlap: "skip",
    catchUpMs: 60_000,
    jitterMs: 0,
    pauseOnFailure: false,
  } as const;
  const spec = {
    namespace: "test",
    id: "hourly",
    when: [{ type: "interval", everyMs: 3_600_000 }],
    policy,
    workflow: "three",
    queue: "main",
    input: text(""),
  } as const;

  it("starts a run at each of its times, and none while it is paused or when it is gone", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { three } });
    await rig.env.run(rig.engine.putSchedule(spec));
    await rig.env.pass(3 * 3_600_000 + 1_000);
    const runs = (): Promise<number> => rig.env.run(rig.engine.count({ namespace: "test" }));
    expect(await runs()).toBe(3);
    await rig.env.run(rig.engine.pauseSchedule("test", "hourly", "holiday"));
    await rig.env.pass(3_600_000);
    expect(await runs()).toBe(3);
    await rig.env.run(rig.engine.resumeSchedule("test", "hourly"));
    await rig.env.run(rig.engine.triggerSchedule("test", "hourly"));
    await rig.env.pass(1_000);
    expect(await runs()).toBe(4);
    const view = await rig.env.run(rig.engine.describeSchedule("test", "hourly"));
    expect(view).toMatchObject({ paused: false, starts: 4 });
    await rig.env.run(rig.engine.deleteSchedule("test", "hourly"));
    await rig.env.pass(2 * 3_600_000);
    expect(await runs()).toBe(4);
    const gone = rig.engine.describeSchedule("test", "hourly");
    await expect(rig.env.run(gone)).rejects.toMatchObject({ code: "not-found" });
    await rig.close();
  });

  it("goes on in the next process", async () => {
    const rig = await Rig.open();
    await rig.env.run(rig.engine.putSchedule(spec));
    await rig.env.pass(1_800_000);
    const next = await rig.die();
    next.worker({ scripts: { three } });
    await next.env.pass(3_700_000);
    expect(await next.env.run(next.engine.count({ namespace: "test" }))).toBe(1);
    await next.close();
  });
});

describe("a run that continues as new", () => {
  it("is one run to whoever waits for its end", async () => {
    const rig = await Rig.open();
    const worker = rig.worker({ scripts: { waits } });
    const { runId } = await rig.start({ workflow: "waits" });
    await rig.env.still();
    const { lease } = worker.activations[0]!;
    const outcome = rig.engine.outcome(runId);
    worker.session.answer(runId, lease, {
      commands: [{ type: "run.continue", input: text("again") }],
    });
    await rig.env.still();
    const next = worker.activations.at(-1)!.runId;
    expect(next).not.toBe(runId);
    await rig.env.run(rig.engine.signal({ runId: next }, { name: "go", payload: text("end") }));
    const end = await rig.env.run(outcome);
    expect(end.status === "completed" && textOf(end.output)).toBe("end");
    await rig.close();
  });
});

describe("a run that continues as new while something else is on its way in its partition", () => {
  it("is still one run: its successor's start is waited for", async () => {
    let isSlow = false;
    const rig = await Rig.open({
      disk: new Disk(1),
      tuning: { idleMs: 1_000 },
      faults: {
        call: async (operation) => {
          if (isSlow && operation === "read")
            await new Promise<void>((go) => rig.env.after(5_000, go));
        },
      },
    });
    const worker = rig.worker({ scripts: { waits, sleeps } });
    const cold = await rig.start({ workflow: "sleeps" });
    await rig.env.pass(10_000);
    const { runId } = await rig.start({ workflow: "waits" });
    await rig.env.still();
    const { lease } = worker.activations.at(-1)!;
    const outcome = rig.engine.outcome(runId);
    isSlow = true;
    const signal = { name: "go", payload: text("") };
    worker.session.answer(runId, lease, {
      commands: [
        {
          type: "send",
          key: "tell",
          ordinal: 3,
          message: { type: "signal", to: cold.runId, ...signal },
        },
        { type: "run.continue", input: text("again") },
      ],
    });
    await rig.env.pass(20_000);
    isSlow = false;
    const known = [cold.runId, runId];
    const next = worker.activations.find((one) => !known.includes(one.runId))!.runId;
    await rig.env.run(rig.engine.signal({ runId: next }, { name: "go", payload: text("end") }));
    const end = await rig.env.run(outcome);
    expect(end.status === "completed" && textOf(end.output)).toBe("end");
    await rig.close();
  });
});

describe("a list of schedules", () => {
  const spec = (namespace: string, id: string): ScheduleSpec => ({
    namespace,
    id,
    when: [{ type: "interval", everyMs: 3_600_000 }],
    policy: { overlap: "skip", catchUpMs: 0, jitterMs: 0, pauseOnFailure: false },
    workflow: "waits",
    queue: "main",
    input: text(""),
  });
  const idsOf = ({ schedules }: SchedulePage) => schedules.map((view) => view.spec.id);

  it("shows a namespace's own, a page at a time, in this process and in the next", async () => {
    const rig = await Rig.open({ tuning: { idleMs: 1_000 } });
    for (const id of ["b", "a/b", "a", "gone"]) {
      await rig.env.run(rig.engine.putSchedule(spec("test", id)));
    }
    await rig.env.run(rig.engine.putSchedule(spec("test2", "other")));
    await rig.env.run(rig.engine.deleteSchedule("test", "gone"));
    const list = async ({ env, engine }: Rig) => {
      const first = await env.run(engine.listSchedules("test", { limit: 2 }));
      const cursor = first.cursor === undefined ? {} : { cursor: first.cursor };
      const second = await env.run(engine.listSchedules("test", { limit: 2, ...cursor }));
      return [...idsOf(first), ...idsOf(second)];
    };
    expect(await list(rig)).toEqual(["a", "a/b", "b"]);
    await rig.env.pass(60_000);
    expect(await list(rig)).toEqual(["a", "a/b", "b"]);
    const next = await rig.die();
    expect(await list(next)).toEqual(["a", "a/b", "b"]);
    expect(idsOf(await next.env.run(next.engine.listSchedules("empty")))).toEqual([]);
    await next.close();
  });

  it("has pages of a bounded size, and refuses a cursor that is none", async () => {
    const rig = await Rig.open();
    const list = (page: ListPage) => rig.env.run(rig.engine.listSchedules("test", page));
    expect(idsOf(await list({ limit: limits.pageRows }))).toEqual([]);
    for (const page of [{ limit: limits.pageRows + 1 }, { limit: 0 }, { cursor: "" }]) {
      await expect(list(page)).rejects.toMatchObject({ code: "invalid-argument" });
    }
    await rig.close();
  });
});

describe("what is in the store", () => {
  it("may be long: a payload that lives outside its event comes back whole", async () => {
    const rig = await Rig.open();
    const long = "x".repeat(limits.inlinePayloadBytes + 1);
    const big: Script = function* (input) {
      return yield { step: "copy", do: () => input };
    };
    rig.worker({ scripts: { big } });
    const { runId } = await rig.start({ workflow: "big", input: text(long) });
    expect(await rig.result(runId)).toBe(long);
    const next = await rig.die();
    expect(await next.result(runId)).toBe(long);
    await next.close();
  });

  it("may be damaged: that run is refused with the reason, all others go on", async () => {
    const disk = new Disk(1);
    const rig = await Rig.open({ disk, tuning: { idleMs: 1_000 } });
    const damaged = await rig.start({ workflow: "waits" });
    const whole = await rig.start({ workflow: "waits" });
    const next = await rig.die({
      store: (inner) =>
        new Proxy(inner, {
          get(target, name) {
            if (name === "read") {
              return (async (stream, from, limit) => {
                const data = await target.read(stream, from, limit);
                if (!data || stream !== runStream(damaged.runId)) return data;
                return { ...data, events: data.events.map(() => new Uint8Array([1, 2, 3])) };
              }) satisfies MemoryStore["read"];
            }
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === "function" ? (value.bind(target) as unknown) : value;
          },
        }),
    });
    next.worker({ scripts: { waits } });
    const go = { name: "go", payload: text("x") };
    for (const call of [
      () => next.engine.signal(damaged, go),
      () => next.engine.journal(damaged.runId).then(() => undefined),
    ]) {
      await expect(next.env.run(call())).rejects.toMatchObject({ code: "store-corrupt" });
    }
    await next.env.run(next.engine.signal(whole, go));
    expect(await next.result(whole.runId)).toBe("x");
    await next.close();
  });

  it("may be slow to open: the partition is tried again, and calls wait for it", async () => {
    let opens = 0;
    let commits = 0;
    const rig = await Rig.open({
      faults: {
        before: () => Promise.resolve(++commits === 1 ? "abort" : "none"),
        call: (operation) => {
          const isRefused = operation === "open" && ++opens > 4 && opens < 8;
          return isRefused ? Promise.reject(new Error("busy")) : Promise.resolve();
        },
      },
    });
    rig.worker({ scripts: { three } });
    const key = { namespace: "test", kind: "workflow", id: "k" };
    await expect(rig.start({ workflow: "three", key })).rejects.toMatchObject({ retry: "later" });
    const { runId } = await rig.start({ workflow: "three", key });
    expect(await rig.result(runId)).toBe("123");
    expect(opens).toBe(8);
    await rig.close();
  });

  it("may hold more alarms than fit into memory: all of them ring, in time", async () => {
    const disk = new Disk(1);
    const rig = await Rig.open({ disk, tuning: { idleMs: 1_000, liveStreams: 10 } });
    const count = 2 * limits.alarmWindow + 200;
    rig.worker({ scripts: { sleeps }, options: { runSlots: 5_000 } });
    const request = { namespace: "test", workflow: "sleeps", queue: "main", input: text("") };
    const runs = await rig.env.run(
      Promise.all(Array.from({ length: count }, () => rig.engine.start(request))),
    );
    await rig.env.pass(60_000);
    const { liveStreams, alarms } = rig.engine.stats();
    expect(liveStreams).toBe(0);
    expect(alarms).toBeLessThanOrEqual(2 * limits.alarmWindow + 1);
    const outcomes = Promise.all(runs.map(({ runId }) => rig.engine.outcome(runId)));
    await rig.env.run(outcomes);
    const journal = await rig.journal(runs.at(-1)!.runId);
    const fired = journal.find(({ kind }) => kind === "timer.fired")!;
    const started = journal.find(({ kind }) => kind === "timer.started")!;
    expect(fired.at - started.at).toBeLessThan(3_600_000 + 1_000);
    await rig.close();
  });
});
