/** Workflows that several tests use. */
import type { Script } from "./scripted-worker.test-support.ts";

export const three: Script = function* () {
  const a = yield { step: "a", do: () => "1" };
  const b = yield { step: "b", do: () => "2" };
  const c = yield { step: "c", do: () => "3" };
  return a + b + c;
};

export const ends: Script = function* () {
  yield* [];
  return "ended";
};

/** Waits for the signal `go` and returns what it brought. */
export const waits: Script = function* () {
  yield { step: "before" };
  const word = yield { signal: "go" };
  yield { step: "after" };
  return word;
};

export const sleeps: Script = function* () {
  yield { step: "before" };
  yield { sleepMs: 3_600_000, key: "nap" };
  yield { step: "after" };
  return "rested";
};

export const remote: Script = function* () {
  return yield { task: "work" };
};

/** Calls `three` and adds to what it returns. */
export const parent: Script = function* () {
  const child = yield { call: "three", target: {} };
  yield { step: "use" };
  return `child said ${child}`;
};
