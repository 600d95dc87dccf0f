import { PerdureError } from "@perdure/kernel";
import { expect, test } from "vitest";
import { Rig } from "../testing/rig.test-support.ts";

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
