import { describe, expect, it } from "vitest";
import type { Batch, CommitResult, Store } from "@perdure/store";
import { limits } from "@perdure/kernel";
import { text } from "./testing/payloads.test-support.ts";
import { Rig, type RigChoices } from "./testing/rig.test-support.ts";
import { three, waits } from "./testing/scripts.test-support.ts";

type Commit = (batches: readonly Batch[], next: Store["commit"]) => Promise<CommitResult>;

/** A store whose commits go through `commit`; all else as it is. */
function withCommit(commit: Commit): Pick<RigChoices, "store"> {
  return {
    store: (inner) =>
      new Proxy<Store>(inner, {
        get(target, name) {
          if (name === "commit") {
            return (batches: readonly Batch[]) => commit(batches, (b) => target.commit(b));
          }
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      }),
  };
}

/** Answers of the store, held back until they are let go. */
function heldStore() {
  const held: (() => void)[] = [];
  const choices = withCommit(async (batches, next) => {
    const result = await next(batches);
    await new Promise<void>((resolve) => held.push(resolve));
    return result;
  });
  return { held, choices };
}

/** The n-th commit from now on meets a fault. */
function faultyStore() {
  const faults = new Map<number, "abort" | "lost" | "applied">();
  let commits = 0;
  const choices = withCommit(async (batches, next) => {
    const fault = faults.get(++commits);
    if (fault === "abort") return { type: "failed", reason: "The disk is full." };
    if (fault === "lost") return { type: "unknown", reason: "cut" };
    const result = await next(batches);
    return fault === "applied" ? { type: "unknown", reason: "cut" } : result;
  });
  const fail = (fault: "abort" | "lost" | "applied", from = 1): void => {
    faults.set(commits + from, fault);
  };
  return { fail, choices };
}

describe("a commit", () => {
  it("keeps what code says to a call until what it had told by then is durable", async () => {
    const { held, choices } = heldStore();
    const rig = await Rig.open(choices);
    const worker = rig.worker({ scripts: { waits } });
    const request = { namespace: "test", workflow: "waits", queue: "main", input: text("") };
    const started = rig.engine.start(request);
    const letGo = async (): Promise<void> => {
      await rig.env.still();
      for (const go of held.splice(0)) go();
    };
    await letGo();
    const { runId } = await started;
    for (let i = 0; i < 3; i++) await letGo();
    worker.query = async (of, lease) => {
      const told = { type: "step.complete", key: "told", ordinal: 9, name: "told" } as const;
      const command = { ...told, attempt: 1, output: text("1"), given: 1 };
      worker.session.answer(of, lease, { commands: [command] });
      return text("it knows");
    };
    let answer: unknown;
    const asked = rig.engine.query({ runId }, "seen", text("")).then((said) => (answer = said));
    await rig.env.still();
    expect(answer).toBeUndefined();
    await letGo();
    await rig.env.run(asked);
    expect(answer).toEqual(text("it knows"));
    for (let i = 0; i < 3; i++) await letGo();
    const closed = rig.close();
    for (let i = 0; i < 5; i++) await letGo();
    await closed;
  });

  it("lets nothing out before it is durable (invariant 1)", async () => {
    const { held, choices } = heldStore();
    const rig = await Rig.open(choices);
    const worker = rig.worker({ scripts: { three } });
    let isStarted = false;
    const request = { namespace: "test", workflow: "three", queue: "main", input: text("") };
    const started = rig.engine.start(request).then((answer) => {
      isStarted = true;
      return answer;
    });
    await rig.env.still();
    expect(held).toHaveLength(1);
    expect(isStarted).toBe(false);
    expect(worker.activations).toEqual([]);
    held.shift()!();
    await rig.env.still();
    expect(isStarted).toBe(true);
    expect(worker.activations.map(({ runId }) => runId)).toEqual([(await started).runId]);
  });

  it("is foreseen by the only worker for what it lets go on, and nothing has begun", async () => {
    const { held, choices } = heldStore();
    const rig = await Rig.open(choices);
    const foreseen: string[] = [];
    const worker = rig.worker({
      scripts: { three },
      foresee: (runId, { workflow }) => void foreseen.push(`${workflow} ${runId}`),
    });
    const request = { namespace: "test", workflow: "three", queue: "main", input: text("") };
    const started = rig.engine.start(request);
    await rig.env.still();
    expect(foreseen).toHaveLength(1);
    expect(worker.activations).toEqual([]);
    held.shift()!();
    await rig.env.still();
    expect(foreseen).toEqual([`three ${(await started).runId}`]);
  });

  it("is one for all that arrived while the store was busy", async () => {
    const { held, choices } = heldStore();
    const rig = await Rig.open({ ...choices, tuning: { commitsInFlight: 1 } });
    const start = (): unknown =>
      rig.engine.start({ namespace: "test", workflow: "w", queue: "main", input: text("") });
    start();
    await rig.env.still();
    for (let i = 0; i < 50; i++) start();
    await rig.env.still();
    expect(rig.engine.stats().commits).toBe(1);
    held.shift()!();
    await rig.env.still();
    expect(rig.engine.stats().commits).toBe(2);
    expect(rig.engine.stats().events).toBe(51);
  });

  it("is computed while the one before it is on its way, and answered after it", async () => {
    const { held, choices } = heldStore();
    const rig = await Rig.open(choices);
    const order: number[] = [];
    const start = async (n: number): Promise<void> => {
      const request = { namespace: "test", workflow: "w", queue: "main", input: text("") };
      await rig.engine.start(request);
      order.push(n);
    };
    const all = [start(1)];
    await rig.env.still();
    all.push(start(2));
    await rig.env.still();
    all.push(start(3));
    await rig.env.still();
    expect(rig.engine.stats().commitsInFlight).toBe(2);
    const [first, second] = held.splice(0);
    second!();
    await rig.env.still();
    expect(order).toEqual([]);
    first!();
    await rig.env.still();
    expect(order).toEqual([1, 2]);
    held.shift()!();
    await rig.env.run(Promise.all(all));
    expect(order).toEqual([1, 2, 3]);
  });

  it("that failed has changed nothing, and the next one goes on", async () => {
    const { fail, choices } = faultyStore();
    const rig = await Rig.open(choices);
    const worker = rig.worker({ scripts: { three } });
    fail("abort");
    await expect(rig.start({ workflow: "three" })).rejects.toMatchObject({ code: "store-failed" });
    const { runId } = await rig.start({ workflow: "three" });
    expect(await rig.result(runId)).toBe("123");
    expect(worker.ran).toEqual(["a", "b", "c"]);
    expect(await rig.env.run(rig.engine.count({ namespace: "test" }))).toBe(1);
    await rig.close();
  });

  it("whose fate is unknown is asked for: one that was lost has changed nothing", async () => {
    const { fail, choices } = faultyStore();
    const rig = await Rig.open(choices);
    fail("lost");
    await expect(rig.start({ workflow: "three" })).rejects.toMatchObject({ code: "store-failed" });
    expect(await rig.env.run(rig.engine.count({ namespace: "test" }))).toBe(0);
    await rig.close();
  });

  it("whose fate is unknown is asked for: one that was applied counts, once", async () => {
    const { fail, choices } = faultyStore();
    const rig = await Rig.open(choices);
    rig.worker({ scripts: { three } });
    fail("applied");
    const { runId } = await rig.start({ workflow: "three" });
    expect(await rig.result(runId)).toBe("123");
    expect(await rig.env.run(rig.engine.count({ namespace: "test" }))).toBe(1);
    await rig.close();
  });

  it.each([1, 2, 3, 4])(
    "that is lost under a running workflow costs it nothing (%i)",
    async (n) => {
      for (const fault of ["abort", "lost", "applied"] as const) {
        const { fail, choices } = faultyStore();
        const rig = await Rig.open(choices);
        rig.worker({ scripts: { three } });
        const { runId } = await rig.start({ workflow: "three" });
        fail(fault, n);
        expect(await rig.result(runId)).toBe("123");
        const kinds = await rig.kinds(runId);
        expect(kinds.filter((kind) => kind === "step.completed")).toHaveLength(3);
        expect(kinds.at(-1)).toBe("run.completed");
        await rig.close();
      }
    },
  );

  it("takes those computed after it with it when it fails", async () => {
    const { held, choices } = heldStore();
    const inner = choices.store!;
    let isBroken = false;
    const rig = await Rig.open({
      store: (memory) => {
        const broken = withCommit((batches, next) =>
          isBroken ? Promise.resolve({ type: "failed", reason: "No." }) : next(batches),
        ).store!(memory);
        return inner(broken as typeof memory);
      },
    });
    const key = { namespace: "test", kind: "workflow", id: "k" };
    const start = (): Promise<unknown> =>
      rig.engine
        .start({ namespace: "test", workflow: "w", queue: "main", input: text(""), key })
        .then(
          () => "started",
          (error: unknown) => (error as { code: string }).code,
        );
    // The key is in memory, so that the second start finds the first one's run there.
    await rig.env.run(rig.engine.lookup(key));
    isBroken = true;
    const first = start();
    await rig.env.still();
    const second = start();
    await rig.env.still();
    isBroken = false;
    for (const release of held.splice(0)) release();
    expect(await rig.env.run(Promise.all([first, second]))).toEqual([
      "store-failed",
      "store-failed",
    ]);
    const again = start();
    await rig.env.still();
    for (const release of held.splice(0)) release();
    expect(await rig.env.run(again)).toBe("started");
  });

  it("refused again and again stops the engine, which says why", async () => {
    let isFull = false;
    const rig = await Rig.open({
      ...withCommit((batches, next) =>
        isFull ? Promise.resolve({ type: "failed", reason: "The disk is full." }) : next(batches),
      ),
      tuning: { refusalsToStop: 3 },
    });
    isFull = true;
    for (let i = 0; i < 3; i++) {
      await expect(rig.start({ workflow: "w" })).rejects.toMatchObject({ retry: "later" });
    }
    expect(rig.stopped?.message).toContain("The disk is full.");
    expect(rig.engine.stats().phase).toBe("stopped");
    await expect(rig.start({ workflow: "w" })).rejects.toMatchObject({ code: "closed" });
    await rig.close();
  });

  it("refused once is told of until a minute after the store has taken another", async () => {
    let isFull = true;
    const rig = await Rig.open({
      ...withCommit((batches, next) =>
        isFull ? Promise.resolve({ type: "failed", reason: "The disk is full." }) : next(batches),
      ),
    });
    const trouble = () => rig.engine.stats().storeTrouble;
    const at = rig.env.now();
    await expect(rig.start({ workflow: "w" })).rejects.toMatchObject({ code: "store-failed" });
    expect(trouble()).toMatchObject({ reason: "The disk is full.", refusals: 1, isTaking: false });
    expect(trouble()?.since).toBeGreaterThanOrEqual(at);
    await rig.env.pass(120_000);
    expect(trouble()).toBeDefined();
    await expect(rig.start({ workflow: "w" })).rejects.toMatchObject({ code: "store-failed" });
    expect(trouble()).toMatchObject({ refusals: 2 });
    isFull = false;
    await rig.start({ workflow: "w" });
    expect(trouble()).toMatchObject({ refusals: 2, isTaking: true });
    await rig.env.pass(60_000);
    expect(trouble()).toBeUndefined();
    await rig.close();
  });

  it("of an owner that was replaced changes nothing, and it stops", async () => {
    const old = await Rig.open();
    old.worker({ scripts: { waits } });
    const { runId } = await old.start({ workflow: "waits" });
    await old.env.still();
    const next = await Rig.open({ disk: old.disk });
    const before = await next.kinds(runId);
    await expect(
      old.env.run(old.engine.signal({ runId }, { name: "go", payload: text("stale") })),
    ).rejects.toMatchObject({ code: "fenced" });
    await expect(
      old.env.run(old.engine.signal({ runId }, { name: "go", payload: text("stale") })),
    ).rejects.toMatchObject({ code: "fenced" });
    expect(await next.kinds(runId)).toEqual(before);
    next.worker({ scripts: { waits } });
    await next.env.run(next.engine.signal({ runId }, { name: "go", payload: text("fresh") }));
    expect(await next.result(runId)).toBe("fresh");
    await next.close();
  });
});

describe("a partition's queue", () => {
  it("is bounded: one past the limit is told to come back later", async () => {
    const { choices } = heldStore();
    const rig = await Rig.open({ ...choices, tuning: { commitsInFlight: 1 } });
    const key = { namespace: "test", kind: "workflow", id: "k" };
    const signal = (): Promise<string> =>
      rig.engine.signal({ key }, { name: "go" }).then(
        () => "ok",
        (error: unknown) => (error as { code: string }).code,
      );
    void rig.engine.start({ namespace: "test", workflow: "w", queue: "main", input: text("") });
    await rig.env.still();
    const waiting = Array.from({ length: limits.partitionQueue }, signal);
    expect(rig.engine.stats().queued).toBe(limits.partitionQueue);
    expect(await signal()).toBe("overloaded");
    expect(waiting).toHaveLength(limits.partitionQueue);
  });
});
