import type { StreamId } from "@perdure/kernel";
import { MemoryStore } from "@perdure/store";
import { expect, test, vi } from "vitest";
import { VirtualEnv } from "../testing/virtual-env.test-support.ts";
import { Partition } from "./partition.ts";
import { Retention } from "./retention.ts";

test("where more is to be pruned it goes on at once, and never asks for a time that is past", async () => {
  const env = new VirtualEnv();
  let clock = 0;
  // A clock that goes on between two looks at it.
  vi.spyOn(env, "now").mockImplementation(() => ++clock);
  const after = vi.spyOn(env, "after");
  const store = new MemoryStore();
  const prune = vi.spyOn(store, "prune");
  prune.mockResolvedValueOnce(["key/test/workflow/k" as StreamId]);
  const retention = new Retention({ store, env, everyMs: 1_000, partitions: [new Partition(0)] });
  retention.start();
  await env.pass(1_000);
  await env.pass(1);
  expect(prune).toHaveBeenCalledTimes(2);
  const waits = after.mock.calls.map(([ms]) => ms);
  expect(waits).toContain(0);
  expect(Math.min(...waits)).toBe(0);
  retention.stop();
});
