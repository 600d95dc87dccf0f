import { describe, expect, it } from "vitest";
import { text, textOf } from "./testing/payloads.test-support.ts";
import { Rig } from "./testing/rig.test-support.ts";
import { three, waits } from "./testing/scripts.test-support.ts";

const none = text("");

describe("a query", () => {
  it("is answered by the run's code as it stands", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { waits } });
    const { runId } = await rig.start({ workflow: "waits" });
    await rig.env.still();
    const { seq } = await rig.env.run(rig.engine.describe(runId));
    const answer = await rig.env.run(rig.engine.query({ runId }, "seen", none));
    expect(textOf(answer)).toBe(String(seq));
    await rig.close();
  });

  it("replays a closed run, writes nothing, and lets it go again", async () => {
    const rig = await Rig.open();
    const worker = rig.worker({ scripts: { three } });
    const { runId } = await rig.start({ workflow: "three" });
    await rig.result(runId);
    await rig.env.pass(1_000);
    const answer = await rig.env.run(rig.engine.query({ runId }, "seen", none));
    expect(textOf(answer)).toBe("5");
    expect(await rig.kinds(runId)).toHaveLength(5);
    expect(worker.evicted).toEqual([runId, runId]);
    expect(worker.ran).toEqual(["a", "b", "c"]);
    await rig.close();
  });

  it("that the code does not know fails with its words", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { waits } });
    const { runId } = await rig.start({ workflow: "waits" });
    await expect(rig.env.run(rig.engine.query({ runId }, "nope", none))).rejects.toMatchObject({
      code: "query-failed",
      message: "no query nope",
    });
    await rig.close();
  });

  it("that no worker answers in time says what to look at", async () => {
    const rig = await Rig.open();
    const { runId } = await rig.start({ workflow: "waits" });
    const asked = rig.engine.query({ runId }, "seen", none);
    await expect(rig.env.run(asked)).rejects.toMatchObject({ code: "deadline-exceeded" });
    await rig.close();
  });

  it("goes to the next worker when the one that has the run is gone", async () => {
    const rig = await Rig.open();
    const one = rig.worker({ id: "one", scripts: { waits } });
    one.query = () => new Promise(() => undefined);
    const { runId } = await rig.start({ workflow: "waits" });
    await rig.env.still();
    const asked = rig.engine.query({ runId }, "seen", none);
    await rig.env.still();
    rig.worker({ id: "two", scripts: { waits } });
    one.session.close();
    expect(textOf(await rig.env.run(asked))).toBe("4");
    await rig.close();
  });
});

describe("an update", () => {
  it("is accepted, run and answered, once for its id", async () => {
    const rig = await Rig.open();
    const worker = rig.worker({ scripts: { waits } });
    const { runId } = await rig.start({ workflow: "waits" });
    const update = (): Promise<string> =>
      rig.env
        .run(rig.engine.update({ runId }, "rename", text("Ada"), "u1"))
        .then((output) => textOf(output!));
    expect(await update()).toBe("rename: Ada");
    expect(await update()).toBe("rename: Ada");
    expect(worker.ran.filter((step) => step.startsWith("update"))).toHaveLength(1);
    await rig.close();
  });

  it("that the validator refuses leaves no trace", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { waits } });
    const { runId } = await rig.start({ workflow: "waits" });
    const refused = rig.engine.update({ runId }, "refuse", none);
    await expect(rig.env.run(refused)).rejects.toMatchObject({ code: "update-rejected" });
    expect(await rig.kinds(runId)).not.toContain("update.accepted");
    await rig.close();
  });

  it("of a closed run is refused", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { three } });
    const { runId } = await rig.start({ workflow: "three" });
    await rig.result(runId);
    const late = rig.engine.update({ runId }, "rename", none);
    await expect(rig.env.run(late)).rejects.toMatchObject({ code: "already-closed" });
    await rig.close();
  });

  it("wakes a run that had left memory", async () => {
    const rig = await Rig.open({ tuning: { idleMs: 1_000 } });
    rig.worker({ scripts: { waits } });
    const key = { namespace: "test", kind: "workflow", id: "k" };
    await rig.start({ workflow: "waits", key });
    await rig.env.pass(10_000);
    expect(rig.engine.stats().liveStreams).toBe(0);
    const output = await rig.env.run(rig.engine.update({ key }, "rename", text("Bo")));
    expect(textOf(output!)).toBe("rename: Bo");
    await rig.close();
  });
});

describe("a fork", () => {
  it("goes on from its cut with other results, beside the original", async () => {
    const rig = await Rig.open();
    const worker = rig.worker({ scripts: { three } });
    const { runId } = await rig.start({ workflow: "three" });
    expect(await rig.result(runId)).toBe("123");
    const overrides = { b: text("9") };
    const fork = await rig.env.run(rig.engine.fork({ runId, at: 3, overrides }));
    expect(fork).toMatchObject({ existing: false });
    expect(await rig.result(fork.runId)).toBe("193");
    expect(worker.ran).toEqual(["a", "b", "c", "c"]);
    expect(await rig.result(runId)).toBe("123");
    await rig.close();
  });

  it("says when an override has no result to take the place of, or the cut is no place", async () => {
    const rig = await Rig.open();
    rig.worker({ scripts: { three } });
    const { runId } = await rig.start({ workflow: "three" });
    await rig.result(runId);
    for (const [at, overrides] of [
      [2, { b: text("9") }],
      [0, {}],
      [5, {}],
      [6, {}],
    ] as const) {
      await expect(rig.env.run(rig.engine.fork({ runId, at, overrides }))).rejects.toMatchObject({
        code: "invalid-argument",
      });
    }
    await rig.close();
  });
});
