import { describe, expect, it } from "vitest";
import { limits, namedRunId, namingRequest, slotOfKey, type RunId } from "@perdure/kernel";
import { text, textOf } from "./testing/payloads.test-support.ts";
import { Rig } from "./testing/rig.test-support.ts";
import { parent, remote, sleeps, three, waits } from "./testing/scripts.test-support.ts";

const key = { namespace: "test", kind: "workflow", id: "order-1" };

describe("a run", () => {
  it("is started, runs its steps and completes", async () => {
    const rig = await Rig.open();
    const worker = rig.worker({ scripts: { three } });
    const { runId, existing } = await rig.start({ workflow: "three" });
    expect(existing).toBe(false);
    expect(await rig.result(runId)).toBe("123");
    expect(worker.ran).toEqual(["a", "b", "c"]);
    expect(await rig.kinds(runId)).toEqual([
      "run.started",
      "step.completed",
      "step.completed",
      "step.completed",
      "run.completed",
    ]);
    await rig.close();
  });

  it("waits for a worker that knows it, and says so", async () => {
    const rig = await Rig.open();
    const { runId } = await rig.start({ workflow: "three" });
    const why = await rig.env.run(rig.engine.why(runId));
    expect(why.waiting.map(({ on }) => on)).toEqual(["worker"]);
    rig.worker({ scripts: { three } });
    expect(await rig.result(runId)).toBe("123");
    await rig.close();
  });

  it("sleeps for as long as it asked to", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { sleeps } });
    const { runId } = await rig.start({ workflow: "sleeps" });
    expect(await rig.result(runId)).toBe("rested");
    const journal = await rig.journal(runId);
    const [started, fired] = ["timer.started", "timer.fired"].map((kind) =>
      journal.find((event) => event.kind === kind)!,
    );
    expect(fired!.at - started!.at).toBe(3_600_000);
    await rig.close();
  });

  it("starts at the time it was given", async () => {
    const rig = await Rig.open();
    const worker = rig.worker({ scripts: { three } });
    const startAt = rig.env.now() + 60_000;
    const { runId } = await rig.start({ workflow: "three", startAt });
    await rig.env.pass(59_000);
    expect(worker.ran).toEqual([]);
    expect(await rig.result(runId)).toBe("123");
    expect(rig.env.now()).toBeGreaterThanOrEqual(startAt);
    await rig.close();
  });

  it("hears signals, each once by its id", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { waits } });
    const { runId } = await rig.start({ workflow: "waits" });
    const signal = { name: "go", payload: text("now"), id: "s1" };
    await rig.env.run(rig.engine.signal({ runId }, signal));
    await rig.env.run(rig.engine.signal({ runId }, signal).catch(() => undefined));
    expect(await rig.result(runId)).toBe("now");
    const kinds = await rig.kinds(runId);
    expect(kinds.filter((kind) => kind === "signal.received")).toHaveLength(1);
    await rig.close();
  });

  it("takes a signal that rides along with its start", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { waits } });
    const signal = { name: "go", payload: text("early") };
    const alone = await rig.start({ workflow: "waits", signal });
    const keyed = await rig.start({ workflow: "waits", signal, key });
    expect(await rig.result(alone.runId)).toBe("early");
    expect(await rig.result(keyed.runId)).toBe("early");
    await rig.close();
  });

  it("is cancelled before it began, terminated, and timed out", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { waits } });
    const startAt = rig.env.now() + 60_000;
    const early = await rig.start({ workflow: "waits", startAt });
    await rig.env.run(rig.engine.cancel({ runId: early.runId }, "changed my mind"));
    expect((await rig.outcome(early.runId)).status).toBe("cancelled");
    const ended = await rig.start({ workflow: "waits" });
    await rig.env.run(rig.engine.terminate(ended.runId));
    expect((await rig.outcome(ended.runId)).status).toBe("terminated");
    const slow = await rig.start({ workflow: "waits", runTimeoutMs: 5_000 });
    expect((await rig.outcome(slow.runId)).status).toBe("timedOut");
    await rig.close();
  });

  it("does nothing while it is paused", async () => {
    const rig = await Rig.open();
    const worker = rig.worker({ scripts: { waits } });
    const { runId } = await rig.start({ workflow: "waits" });
    await rig.env.still();
    await rig.env.run(rig.engine.pause(runId, "look at this"));
    await rig.env.run(rig.engine.signal({ runId }, { name: "go", payload: text("x") }));
    await rig.env.pass(10_000);
    expect((await rig.env.run(rig.engine.describe(runId))).row.status).toBe("paused");
    await rig.env.run(rig.engine.resume(runId));
    expect(await rig.result(runId)).toBe("x");
    expect(worker.ran).toEqual(["before", "after"]);
    await rig.close();
  });

  it("calls another run and goes on with its result", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { three, parent } });
    const { runId } = await rig.start({ workflow: "parent" });
    expect(await rig.result(runId)).toBe("child said 123");
    await rig.close();
  });

  it("runs remote steps on workers that know them", async () => {
    const rig = await Rig.open();
    rig.worker({ id: "code", scripts: { remote } });
    const { runId } = await rig.start({ workflow: "remote" });
    await rig.env.still();
    const worker = rig.worker({ id: "hands", tasks: { work: () => "done" } });
    expect(await rig.result(runId)).toBe("done");
    expect(worker.claimed[0]!.token).toEqual({ runId, key: "work", attempt: 1 });
    await rig.close();
  });

  it("is watched event by event", async () => {
    const rig = await Rig.open();
    const { runId } = await rig.start({ workflow: "three" });
    const seen: number[] = [];
    const stop = rig.engine.watch(runId, (events) => seen.push(...events.map(({ seq }) => seq)));
    rig.worker({ scripts: { three } });
    await rig.result(runId);
    expect(seen).toEqual([2, 3, 4, 5]);
    stop();
    await rig.close();
  });

  it("that nobody has heard of is not found", async () => {
    const rig = await Rig.open();
    const unknown = "00000000-0000-8000-8000-000000000000" as RunId;
    const calls: (() => Promise<unknown>)[] = [
      () => rig.engine.outcome(unknown),
      () => rig.engine.describe(unknown),
      () => rig.engine.journal(unknown),
      () => rig.engine.why(unknown),
      () => rig.engine.terminate(unknown),
      () => rig.engine.signal({ runId: unknown }, { name: "go" }),
    ];
    for (const call of calls) {
      await expect(rig.env.run(call())).rejects.toMatchObject({ code: "not-found" });
    }
    const nonsense = rig.engine.outcome("nonsense" as RunId);
    await expect(rig.env.run(nonsense)).rejects.toMatchObject({ code: "invalid-argument" });
    await rig.close();
  });
});

describe("a business key", () => {
  it("gives a second start the open run, and a later one a new run", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { waits } });
    const first = await rig.start({ workflow: "waits", key });
    const second = await rig.start({ workflow: "waits", key });
    expect(second).toEqual({ runId: first.runId, existing: true });
    await rig.env.run(rig.engine.signal({ key }, { name: "go", payload: text("hi") }));
    expect(await rig.result(first.runId)).toBe("hi");
    const third = await rig.start({ workflow: "waits", key });
    expect(third.existing).toBe(false);
    expect(await rig.env.run(rig.engine.lookup(key))).toBe(third.runId);
    await rig.close();
  });

  it("refuses a start when told to", async () => {
    const rig = await Rig.open();
    const first = await rig.start({ workflow: "waits", key });
    await expect(rig.start({ workflow: "waits", key, conflict: "fail" })).rejects.toMatchObject({
      code: "already-exists",
      detail: { runId: first.runId },
    });
    await rig.close();
  });

  it("lets exclusive starts run one after the other", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { waits } });
    const runs = [];
    for (let i = 0; i < 3; i++) {
      runs.push(await rig.start({ workflow: "waits", key, mode: "exclusive" }));
    }
    const results: Promise<string>[] = runs.map(async ({ runId }) => {
      const outcome = await rig.engine.outcome(runId);
      return outcome.status === "completed" ? textOf(outcome.output) : outcome.status;
    });
    for (const word of ["one", "two", "three"]) {
      await rig.env.still();
      await rig.env.run(rig.engine.signal({ key }, { name: "go", payload: text(word) }));
    }
    expect(await rig.env.run(Promise.all(results))).toEqual(["one", "two", "three"]);
    await rig.close();
  });

  it("makes a start with a request id the same start for ever", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { three } });
    const first = await rig.start({ workflow: "three", requestId: "r1" });
    await rig.result(first.runId);
    const second = await rig.start({ workflow: "three", requestId: "r1" });
    expect(second).toEqual({ runId: first.runId, existing: true });
    await rig.close();
  });

  describe("lets a request id name the run", () => {
    const named = "018bcfe5-6800-8007-8123-456789abcdef" as RunId;
    const requestId = namingRequest(named);

    it("which a second start finds, in memory and on disk, and nothing else is written", async () => {
      const rig = await Rig.open();
      rig.worker({ scripts: { three } });
      const start = { workflow: "three", requestId };
      expect(await rig.start(start)).toEqual({ runId: named, existing: false });
      expect(await rig.start(start)).toEqual({ runId: named, existing: true });
      expect(await rig.result(named)).toBe("123");
      await rig.env.pass(600_000);
      expect(rig.engine.stats().liveStreams).toBe(0);
      expect(await rig.start(start)).toEqual({ runId: named, existing: true });
      expect(await rig.env.run(rig.engine.count({ namespace: "test" }))).toBe(1);
      await rig.close();
    });

    it("but no run of another namespace, workflow or request", async () => {
      const rig = await Rig.open();
      await rig.start({ workflow: "three", requestId });
      const conflict = { code: "conflict", message: /^another run has this id/ };
      for (const other of [{ namespace: "other" }, { workflow: "four" }]) {
        await expect(rig.start({ workflow: "three", requestId, ...other })).rejects.toMatchObject({
          code: conflict.code,
          message: expect.stringMatching(conflict.message),
        });
      }
      const { runId: alone } = await rig.start({ workflow: "three" });
      const stolen = rig.start({ workflow: "three", requestId: namingRequest(alone) });
      await expect(stolen).rejects.toMatchObject({ code: "conflict" });
      await rig.close();
    });

    it("also beside a key, in the key's slot", async () => {
      const rig = await Rig.open();
      rig.worker({ scripts: { three } });
      const cart = { kind: "object:cart", id: "k", namespace: "test" };
      const runId = namedRunId(slotOfKey(cart), "cart/k/add/abc");
      const start = { workflow: "three", key: cart, requestId: namingRequest(runId) };
      const exclusive = { ...start, mode: "exclusive" } as const;
      expect(await rig.start(exclusive)).toEqual({ runId, existing: false });
      expect(await rig.result(runId)).toBe("123");
      expect(await rig.start(exclusive)).toEqual({ runId, existing: true });
      expect(await rig.env.run(rig.engine.keyOf(runId))).toEqual(cart);
      await rig.close();
    });

    it("and is a request id like any other beside a key or a signal, or when it names none", async () => {
      const rig = await Rig.open();
      const start = { workflow: "three", requestId };
      const signal = { name: "go" };
      const own = { kind: "workflow", id: "k", namespace: "test" };
      for (const more of [{ key: own }, { signal }, { requestId: "run:me" }]) {
        const first = await rig.start({ ...start, ...more });
        expect(first).toMatchObject({ existing: false });
        expect(first.runId).not.toBe(named);
        expect(await rig.start({ ...start, ...more })).toEqual({ ...first, existing: true });
      }
      await rig.close();
    });
  });
});

describe("what callers hand in", () => {
  it("is checked against the limits before anything is written", async () => {
    const rig = await Rig.open();
    const before = rig.engine.stats().batches;
    const big = { encoding: "text", data: new Uint8Array(limits.payloadBytes + 1) };
    const names = Array.from({ length: limits.headers + 1 }, (_, i) => `h${i}`);
    const headers = Object.fromEntries(names.map((name) => [name, ""]));
    const wrong: [Parameters<Rig["start"]>[0], string][] = [
      [{ workflow: "" }, "invalid-argument"],
      [{ workflow: "w".repeat(limits.nameChars + 1) }, "limit-exceeded"],
      [{ workflow: "three", namespace: "n".repeat(limits.namespaceChars + 1) }, "limit-exceeded"],
      [{ workflow: "three", input: big }, "limit-exceeded"],
      [
        { workflow: "three", key: { ...key, id: "k".repeat(limits.idChars + 1) } },
        "limit-exceeded",
      ],
      [{ workflow: "three", key: { ...key, namespace: "other" } }, "invalid-argument"],
      [{ workflow: "three", headers }, "limit-exceeded"],
      [{ workflow: "three", startAt: Number.NaN }, "invalid-argument"],
      [
        { workflow: "three", attributes: { a: "x".repeat(limits.attributesBytes) } },
        "limit-exceeded",
      ],
    ];
    for (const [request, code] of wrong) {
      await expect(rig.start(request)).rejects.toMatchObject({ code });
    }
    expect(rig.engine.stats().batches).toBe(before);
    const full = { encoding: "text", data: new Uint8Array(limits.payloadBytes) };
    await rig.start({ workflow: "w".repeat(limits.nameChars), input: full });
    await rig.close();
  });
});

describe("a list", () => {
  it("shows every start and end that was acknowledged before it", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { three, waits } });
    const done = await rig.start({ workflow: "three", attributes: { tier: "gold" } });
    await rig.result(done.runId);
    const open = await rig.start({ workflow: "waits" });
    const all = await rig.env.run(rig.engine.list({ namespace: "test", limit: 10 }));
    expect(new Map(all.rows.map((row) => [row.runId, row.status]))).toEqual(
      new Map([
        [done.runId, "completed"],
        [open.runId, "open"],
      ]),
    );
    const query = { namespace: "test", attributes: { tier: "gold" } };
    expect(await rig.env.run(rig.engine.count(query))).toBe(1);
    await rig.close();
  });

  it("forgets closed runs when their retention has passed", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { three } });
    const { runId } = await rig.start({ workflow: "three", retentionMs: 120_000 });
    await rig.result(runId);
    expect(await rig.env.run(rig.engine.count({ namespace: "test" }))).toBe(1);
    await rig.env.pass(200_000);
    expect(await rig.env.run(rig.engine.count({ namespace: "test" }))).toBe(0);
    await expect(rig.journal(runId)).rejects.toMatchObject({ code: "not-found" });
    await rig.close();
  });
});

it("a start that waits for its key's turn is dropped by its id", async () => {
  const rig = await Rig.open();
  const place = { kind: "object:cart", id: "k", namespace: "test" };
  const start = { workflow: "three", key: place, mode: "exclusive" } as const;
  const first = await rig.start(start);
  const second = await rig.start(start);
  expect(await rig.env.run(rig.engine.keyOf(second.runId))).toEqual(place);
  const ended = rig.engine.outcome(second.runId);
  await rig.env.run(rig.engine.cancel({ runId: second.runId }, "not needed"));
  expect(await rig.env.run(ended)).toMatchObject({ status: "cancelled" });
  rig.worker({ scripts: { three } });
  await rig.result(first.runId);
  await expect(rig.env.run(rig.engine.cancel({ runId: second.runId }))).rejects.toMatchObject({
    code: "not-found",
  });
  await rig.close();
});
