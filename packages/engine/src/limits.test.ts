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
