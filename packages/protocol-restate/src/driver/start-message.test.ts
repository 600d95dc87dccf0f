import { expect, it } from "vitest";
import { runId, type Payload, type RunSpec } from "@perdure/kernel";
import { driverLimits } from "./limits.ts";
import { startMessage, type StartFacts } from "./start-message.ts";
import type { HandlerView } from "../deployments/deployment.ts";

const spec: RunSpec = {
  runId: runId(1, 2, "0123456789abcdef"),
  namespace: "test",
  workflow: "S.h",
  queue: "restate",
  input: { encoding: "json", data: new Uint8Array(0) },
};
const handler = { serviceType: "VIRTUAL_OBJECT" } as HandlerView;
const facts = { spec, handler, knownEntries: 1, retryCount: 0, durationMs: 0 };

const stateOf = (...sizes: readonly number[]): ReadonlyMap<string, Payload> =>
  new Map(sizes.map((size, at) => [`k${at}`, { encoding: "json", data: new Uint8Array(size) }]));
const started = (entries: StartFacts["entries"]) => startMessage({ ...facts, entries });

it("sends state ahead up to its limit, and says what is missing", () => {
  const room = driverLimits.eagerStateBytes - 4;
  const whole = started(stateOf(10, room - 10));
  expect([whole.state.length, whole.partialState]).toEqual([2, false]);
  const part = started(stateOf(10, room - 9));
  expect([part.state.length, part.partialState]).toEqual([1, true]);
  expect(started(undefined)).toMatchObject({ state: [], partialState: true });
});

it("has the same seed for every attempt, and for a fork its origin's", () => {
  const { randomSeed } = started(undefined);
  expect(started(undefined).randomSeed).toBe(randomSeed);
  const fork = { ...spec, runId: runId(2, 2, "fedcba9876543210"), seed: spec.runId };
  expect(startMessage({ ...facts, spec: fork, entries: undefined }).randomSeed).toBe(randomSeed);
  const other = { ...spec, seed: "another" };
  expect(startMessage({ ...facts, spec: other, entries: undefined }).randomSeed).not.toBe(
    randomSeed,
  );
});

it("tells the idempotency key that the start was given", () => {
  expect("idempotencyKey" in started(undefined)).toBe(false);
  const keyed = { ...spec, attributes: { idempotencyKey: "once" } };
  expect(startMessage({ ...facts, spec: keyed, entries: undefined }).idempotencyKey).toBe("once");
});
