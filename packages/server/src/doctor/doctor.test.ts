import { PerdureError } from "@perdure/kernel";
import { expect, test } from "vitest";
import { Rig } from "../testing/rig.test-support.ts";
import { examine, type DoctorParts } from "./doctor.ts";

test("a store that does not answer is a finding, and doctor tells the rest all the same", async () => {
  const storeFacts = (): Promise<never> =>
    Promise.reject(new PerdureError("store-failed", "Nothing answers there: is it running?"));
  await using rig = await Rig.open({ storeFacts });
  const { status, body } = await rig.call("server.doctor");
  expect(status).toBe(200);
  expect(body["findings"]).toContainEqual({
    level: "problem",
    what: "the store does not answer: Nothing answers there: is it running?",
    advice: "bring it back; the server goes on by itself, so leave it running",
  });
  expect(body["store"]).toBe(null);
  expect(body["engine"]).toMatchObject({ phase: "running" });
});

test("partitions that are refused are a finding, with the reason and where to read on", async () => {
  const refused = { partitions: [1, 3], since: 0, reason: "Partition 1 is not opened." };
  const parts = {
    stats: () => ({ phase: "running", refused, commits: 0, runsWaiting: 0, tasksWaiting: 0 }),
    cluster: async () => ({ nodes: [], partitions: [], databases: [] }),
    now: () => Date.now(),
    upMs: () => 0,
    lagMs: () => 0,
    auditTrouble: () => undefined,
    spans: () => ({ trouble: undefined, lost: 0 }),
    storeFacts: async () => null,
  };
  const { findings } = await examine(parts as unknown as DoctorParts);
  expect(findings).toEqual([
    {
      level: "problem",
      what: "partitions 1, 3 are refused. The first: Partition 1 is not opened.",
      advice: expect.stringContaining("databases stand at different moments"),
    },
  ]);
});
