import { expect, it } from "vitest";
import { runId } from "@perdure/kernel";
import { driverLimits } from "./limits.ts";
import { SuspendedRuns } from "./suspended.ts";

const idOf = (n: number) => runId(n, 0, "0123456789abcdef");
const awaited = (through: number) => {
  const none = { completions: [], signals: [], namedSignals: [], nested: [] };
  return { future: { ...none, combinator: "firstCompleted" }, through } as const;
};

it("remembers as many as its limit, and forgets the oldest beyond it", () => {
  const runs = new SuspendedRuns();
  for (let n = 0; n < driverLimits.suspended; n++) runs.set(idOf(n), awaited(n));
  expect(runs.take(idOf(0))).toEqual(awaited(0));
  expect(runs.take(idOf(0))).toBeUndefined();
  runs.set(idOf(0), awaited(7));
  runs.set(idOf(driverLimits.suspended), awaited(8));
  expect(runs.take(idOf(1))).toBeUndefined();
  expect(runs.take(idOf(2))).toEqual(awaited(2));
  expect(runs.take(idOf(0))).toEqual(awaited(7));
});
