import { PerdureError } from "@perdure/kernel";
import { describe, expect, test } from "vitest";
import { text } from "../testing/payloads.test-support.ts";
import { LendingRig, type LendingNode } from "../testing/lending-rig.test-support.ts";
import type { Script, ScriptedWorker } from "../testing/scripted-worker.test-support.ts";
import { remote, three, waits } from "../testing/scripts.test-support.ts";

const go = { name: "go", payload: text("x") };
const done = { type: "completed", output: text("ok") } as const;

async function two(): Promise<[LendingRig, LendingNode, LendingNode]> {
  const rig = await LendingRig.of(["a", "b"], { idleMs: 1_000 });
  const [a, b] = rig.nodes;
  return [rig, a!, b!];
}

const codeOf = (error: unknown): string =>
  error instanceof PerdureError ? error.code : String(error);

/** Everything lent has come back, at both ends. */
async function expectNothingLent(rig: LendingRig): Promise<void> {
  await rig.env.pass(5_000);
  for (const { parts, borrowed } of rig.nodes) {
    expect(borrowed).toEqual([]);
    for (const worker of parts.registry.workers) {
      expect(worker.lent).toBeUndefined();
      const { runSlots, taskSlots, options } = worker;
      expect({ runSlots, taskSlots }).toEqual({
        runSlots: options.runSlots,
        taskSlots: options.taskSlots,
      });
    }
  }
}

const everything: Script = function* () {
  const first = yield { step: "first", do: () => "1" };
  const work = yield { task: "work" };
  const word = yield { signal: "go" };
  const last = yield { step: "last", do: () => "2" };
  return first + work + word + last;
};

/** What may have run twice has been told so. */
function expectTold(worker: ScriptedWorker): void {
  for (const step of ["first", "last"]) {
    const times = worker.ran.filter((ran) => ran === step).length;
    const told = worker.activations.filter(({ lostAt }) => lostAt > 0).length;
    expect(times - 1, `${step} ran ${times} times`).toBeLessThanOrEqual(told);
  }
  const attempts = worker.claimed.map(({ token, maybeRan }) => [token.attempt, maybeRan]);
  for (const [attempt, maybeRan] of attempts) expect(maybeRan).toBe(attempt !== 1);
  expect(new Set(attempts.map(([attempt]) => attempt)).size).toBe(attempts.length);
}

async function bring(rig: LendingRig, b: LendingNode): Promise<void> {
  const runId = await b.start("everything");
  await rig.env.pass(9_000);
  await rig.env.run(b.client.signal({ runId }, go));
  expect(await b.result(runId)).toBe("1okx2");
}

describe("a run on a worker of another node ends as it would on a worker that is lost", () => {
  for (const fault of ["cut", "a>b", "b>a"] as const) {
    test(`whichever message the connection ends with: ${fault}`, async () => {
      let isReached = true;
      let n = 0;
      for (; isReached; n++) {
        const [rig, a, b] = await two();
        const worker = a.worker({ scripts: { everything }, tasks: { work: () => "ok" } });
        let left = n;
        isReached = false;
        rig.net.spy = (_from, _to, message) => {
          if (message.type === "ping" || message.type === "hello" || left-- !== 0) return;
          isReached = true;
          if (fault === "cut") return rig.net.cut("a", "b");
          rig.net.halted.add(fault);
          rig.env.after(5_000, () => rig.net.halted.delete(fault));
        };
        await bring(rig, b);
        expectTold(worker);
        await expectNothingLent(rig);
      }
      // Each message of the story was the last one once.
      expect(n).toBeGreaterThan(20);
    });
  }
});

describe("when the connection is cut", () => {
  test("while a local step is in progress: its worker drops the run, and the next one is told", async () => {
    const [rig, a, b] = await two();
    const worker = a.worker({ scripts: { three } });
    worker.stuck.add("b");
    const runId = await b.start("three");
    await rig.env.pass(100);
    const { lease } = worker.activations[0]!;
    rig.net.cut("a", "b");
    await rig.env.pass(10);
    expect(worker.evicted).toEqual([runId]);
    expect(b.borrowed).toEqual([]);
    worker.stuck.clear();
    const late = { commands: [{ type: "run.complete", output: text("zombie") }] } as const;
    worker.session.answer(runId, lease, late);
    expect(await b.result(runId)).toBe("123");
    expect(worker.activations[1]).toMatchObject({ lostAt: 2 });
  });

  test("while the code waits: nothing is in doubt", async () => {
    const [rig, a, b] = await two();
    const worker = a.worker({ scripts: { waits } });
    const runId = await b.start("waits");
    await rig.env.pass(100);
    rig.net.cut("a", "b");
    await rig.env.pass(10);
    await rig.env.run(b.client.signal({ runId }, go));
    expect(await b.result(runId)).toBe("x");
    expect(worker.activations.map(({ lostAt }) => lostAt)).toEqual([0, 0]);
    expect(worker.ran).toEqual(["before", "after"]);
  });

  test("while a remote step is in progress: it is told to stop, keeps its slot until it has, and its result is stale", async () => {
    const [rig, a, b] = await two();
    b.worker({ id: "code", scripts: { remote } });
    const options = { taskSlots: 1 };
    const hands = a.worker({ id: "hands", tasks: { work: () => undefined }, options });
    const runId = await b.start("remote");
    await rig.env.pass(100);
    const { token } = hands.claimed[0]!;
    const beat = hands.session.beat(token).then(() => "taken", codeOf);
    rig.net.cut("a", "b");
    await rig.env.pass(3_000);
    expect(await beat).toMatch(/stale|unavailable/);
    expect(hands.cancelled).toEqual([token]);
    // The next attempt is there, but the only slot is still taken.
    expect(hands.claimed).toHaveLength(1);
    await expect(rig.env.run(hands.session.result(token, done))).rejects.toMatchObject({
      code: "stale",
    });
    await rig.env.pass(1_000);
    expect(hands.claimed[1]).toMatchObject({ token: { attempt: 2 }, maybeRan: true });
    await rig.env.run(hands.session.result(hands.claimed[1]!.token, done));
    expect(await b.result(runId)).toBe("ok");
    await expectNothingLent(rig);
  });

  test("while a result is on its way: it counts once, whether it came or not", async () => {
    for (const way of ["a>b", "b>a"]) {
      const [rig, a, b] = await two();
      b.worker({ id: "code", scripts: { remote } });
      const hands = a.worker({ id: "hands", tasks: { work: () => undefined } });
      const runId = await b.start("remote");
      await rig.env.pass(100);
      rig.net.halted.add(way);
      const result = hands.session
        .result(hands.claimed[0]!.token, done)
        .then(() => "taken", codeOf);
      await rig.env.pass(10);
      rig.net.halted.clear();
      rig.net.cut("a", "b");
      await rig.env.pass(3_000);
      expect(await result).toBe("stale");
      // The result had arrived when only the answer to it was lost.
      expect(hands.claimed).toHaveLength(way === "b>a" ? 1 : 2);
      const again = hands.claimed[1];
      if (again !== undefined) await rig.env.run(hands.session.result(again.token, done));
      expect(await b.result(runId)).toBe("ok");
      await expectNothingLent(rig);
    }
  });

  test("while a query is being answered: the next holder answers it", async () => {
    const [rig, a, b] = await two();
    const worker = a.worker({ scripts: { waits } });
    const runId = await b.start("waits");
    await rig.env.pass(100);
    rig.net.halted.add("a>b");
    const query = b.client.query({ runId }, "seen", text(""));
    await rig.env.pass(10);
    rig.net.halted.clear();
    rig.net.cut("a", "b");
    expect(await rig.env.run(query)).toBeDefined();
    expect(worker.activations).toHaveLength(2);
  });
});

describe("the end of a worker that is lent", () => {
  test("is told to whoever borrowed it, as the loss that it is", async () => {
    const [rig, a, b] = await two();
    const options = { leaseMs: 5_000 };
    const worker = a.worker({ id: "one", scripts: { three }, options });
    worker.stuck.add("b");
    await b.start("three");
    await rig.env.pass(4_500);
    const next = a.worker({ id: "two", scripts: { three } });
    await rig.env.pass(2_000);
    expect(next.activations).toMatchObject([{ lostAt: 2 }]);
    const lost = await rig.env.run(a.client.workers("test"));
    expect(lost).toContainEqual(expect.objectContaining({ id: "one", phase: "lost", holds: 1 }));
    await expectNothingLent(rig);
  });

  test("by draining waits for what others have of it, and no longer", async () => {
    const [rig, a, b] = await two();
    b.worker({ id: "code", scripts: { remote } });
    const worker = a.worker({
      id: "one",
      scripts: { waits, three },
      tasks: { work: () => undefined },
    });
    worker.stuck.add("a");
    const busy = await b.start("three");
    const idle = await b.start("waits");
    await b.start("remote");
    await rig.env.pass(200);
    let isDrained = false;
    const drained = worker.session.drain().then(() => (isDrained = true));
    await rig.env.pass(100);
    expect(worker.evicted).toEqual([idle]);
    await rig.env.run(worker.session.result(worker.claimed[0]!.token, done));
    await rig.env.pass(100);
    expect(isDrained).toBe(false);
    const { lease } = worker.activations.find(({ runId }) => runId === busy)!;
    const last = { commands: [{ type: "run.complete", output: text("at last") }] } as const;
    worker.session.answer(busy, lease, last);
    await rig.env.run(drained);
    expect(await b.result(busy)).toBe("at last");
    expect(b.borrowed).toEqual([]);
  });

  test("by draining does not wait for a node that cannot be reached", async () => {
    const [rig, a, b] = await two();
    const worker = a.worker({ scripts: { three } });
    worker.stuck.add("a");
    await b.start("three");
    await rig.env.pass(100);
    rig.net.halted.add("a>b");
    rig.net.halted.add("b>a");
    await rig.env.run(worker.session.drain());
    expect(worker.evicted).toHaveLength(1);
  });

  test("does not wait for the borrower's node to close: that hands all back", async () => {
    const [rig, a, b] = await two();
    const worker = a.worker({ scripts: { three, waits } });
    worker.stuck.add("a");
    await b.start("three");
    await b.start("waits");
    await rig.env.pass(100);
    b.parts.registry.stop();
    await rig.env.pass(100);
    expect(worker.evicted).toHaveLength(2);
    await expectNothingLent(rig);
  });
});
