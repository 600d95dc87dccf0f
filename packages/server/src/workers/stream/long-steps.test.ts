import { afterEach, expect, test } from "vitest";
import { workflow } from "perdure";
import { runId } from "@perdure/kernel";
import { LongSteps } from "./long-steps.ts";
import { quiet, Stage, start, until } from "./stream-rig.test-support.ts";

const stage = new Stage();

afterEach(() => stage.close());

test("why names the local step that the code of a worker elsewhere is in, until it ends", async () => {
  const gate = Promise.withResolvers<void>();
  const slow = workflow({ name: "slow" }, async (ctx) => {
    await ctx.step("charge", () => gate.promise);
    await ctx.waitFor("go");
  });
  const node = await stage.node();
  await stage.join(node.url, { workflows: [slow] });
  const began = Date.now();
  const id = await start(node, "slow");
  const waits = async () => (await node.engine.why(id)).waiting;
  await until(async () => (await waits()).some(({ on }) => on === "step"));
  const [step] = await waits();
  expect(step?.text).toContain('in the step "charge"');
  expect(step?.since).toBeGreaterThanOrEqual(began);
  gate.resolve();
  await until(async () => (await waits()).some(({ on }) => on === "signal"));
  expect(await waits()).toHaveLength(1);
});

test("so many are kept as the limit; one past it, the oldest is forgotten", () => {
  const steps = new LongSteps(quiet, 2);
  const ids = [1, 2, 3].map((n) => runId(n, 7, "0123456789abcdef"));
  const tell = (at: number, lease = 1) =>
    steps.told({ type: "doing", runId: ids[at]!, lease, step: { key: `k${at}`, forMs: 5 } });
  const known = () => ids.map((id) => steps.of(id)?.key);
  tell(0);
  tell(1);
  expect(known()).toEqual(["k0", "k1", undefined]);
  tell(2, 4);
  expect(known()).toEqual([undefined, "k1", "k2"]);
  steps.told({ type: "doing", runId: ids[2]!, lease: 3 });
  expect(known()).toEqual([undefined, "k1", "k2"]);
  steps.ended(ids[2]!, [{ type: "step.cancel", key: "other" }]);
  steps.ended(ids[1]!, [{ type: "step.cancel", key: "k1" }]);
  expect(known()).toEqual([undefined, undefined, "k2"]);
});
