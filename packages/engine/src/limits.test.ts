import { limits } from "@perdure/kernel";
import { describe, expect, it } from "vitest";
import { text } from "./testing/payloads.test-support.ts";
import { Rig } from "./testing/rig.test-support.ts";
import { waits } from "./testing/scripts.test-support.ts";

describe("an engine's limits hold at their value and refuse one past it", () => {
  it("workers", async () => {
    const rig = await Rig.open();
    for (let i = 0; i < limits.workers; i++) rig.worker({ id: `w${i}`, scripts: {} });
    expect(() => rig.worker({ id: "one-more", scripts: {} })).toThrow(
      expect.objectContaining({ code: "overloaded" }),
    );
    await rig.close();
  });

  it("runWatchers", async () => {
    const rig = await Rig.open();
    const { runId } = await rig.start({ workflow: "waits" });
    const watch = () => rig.engine.watch(runId, () => undefined);
    const stops = Array.from({ length: limits.runWatchers }, watch);
    expect(watch).toThrow(expect.objectContaining({ code: "overloaded" }));
    stops[0]?.();
    watch();
    await rig.close();
  });

  it("startManyRuns", async () => {
    const rig = await Rig.open();
    const item = { workflow: "waits", queue: "main", input: text("") };
    const start = (count: number) =>
      rig.env.run(
        rig.engine.startMany(
          "test",
          Array.from({ length: count }, () => item),
        ),
      );
    expect(await start(limits.startManyRuns)).toHaveLength(limits.startManyRuns);
    await expect(start(limits.startManyRuns + 1)).rejects.toMatchObject({ code: "limit-exceeded" });
    expect(await rig.env.run(rig.engine.count({ namespace: "test" }))).toBe(limits.startManyRuns);
    await rig.close();
  });

  it("startManyBytes", async () => {
    const rig = await Rig.open();
    const quarter = { encoding: "raw", data: new Uint8Array(limits.startManyBytes / 4) };
    const item = { workflow: "waits", queue: "main", input: quarter };
    const four = [item, item, item, item];
    expect(await rig.env.run(rig.engine.startMany("test", four))).toHaveLength(4);
    const signal = { name: "go", payload: { encoding: "raw", data: new Uint8Array(1) } };
    const past = rig.engine.startMany("test", [...four.slice(1), { ...item, signal }]);
    await expect(rig.env.run(past)).rejects.toMatchObject({ code: "limit-exceeded" });
    await rig.close();
  });

  it("runCalls", async () => {
    const rig = await Rig.open();
    const { runId } = await rig.start({ workflow: "waits" });
    await rig.env.still();
    const query = () => rig.engine.query({ runId }, "where", text(""));
    // Nobody serves the queue: they wait, and are answered when a worker comes.
    const waiting = Array.from({ length: limits.runCalls }, query);
    const past = query();
    await expect(rig.env.run(past)).rejects.toMatchObject({ code: "overloaded" });
    const settled = Promise.allSettled(waiting);
    rig.worker({ scripts: { waits } });
    const results = await rig.env.run(settled);
    expect(results).toHaveLength(limits.runCalls);
    await rig.close();
  });
});
