import { describe, expect, test } from "vitest";
import { runId, type Command, type RunEvent } from "@perdure/kernel";
import { KeptOutcomes } from "./kept-outcomes.ts";

const id = runId(Date.UTC(2030, 0, 1), 7, "0123456789abcdef");
const output = (bytes = 1) => ({ encoding: "json", data: new Uint8Array(bytes) });
const done = (key: string, attempt = 1, bytes = 1): Command => {
  return { type: "step.complete", key, ordinal: 1, name: key, attempt, output: output(bytes) };
};
const recorded = (key: string, attempt = 1): RunEvent => {
  const body = { kind: "step.completed", key, ordinal: 1, name: key, attempt } as const;
  return { seq: 2, at: 0, ...body, output: output() };
};

describe("what a worker has done and nobody has shown to have", () => {
  test("is found under the same key and attempt, until the journal is seen to hold it", () => {
    const kept = new KeptOutcomes();
    kept.told(id, [done("a"), { type: "step.cancel", key: "x" }, done("b", 2)]);
    expect(kept.size).toBe(2);
    expect(kept.local(id, "a", 1)).toMatchObject({ type: "step.complete", key: "a" });
    expect(kept.local(id, "a", 2)).toBeUndefined();
    expect(kept.local(id, "b", 1)).toBeUndefined();
    kept.recorded(id, [recorded("b", 1), recorded("a")]);
    expect(kept.local(id, "a", 1)).toBeUndefined();
    expect(kept.local(id, "b", 2)).toBeDefined();
  });

  test("of a remote step also answers a later attempt, if it had succeeded", () => {
    const kept = new KeptOutcomes();
    const task = (key: string, attempt: number, maybeRan: boolean) =>
      ({ token: { runId: id, key, attempt }, maybeRan }) as Parameters<KeptOutcomes["result"]>[0];
    kept.ended({ runId: id, key: "a", attempt: 1 }, { type: "completed", output: output() });
    kept.ended({ runId: id, key: "b", attempt: 1 }, { type: "cancelled" });
    expect(kept.result(task("a", 2, true))).toMatchObject({ type: "completed" });
    expect(kept.result(task("a", 2, false))).toBeUndefined();
    expect(kept.result(task("b", 1, true))).toEqual({ type: "cancelled" });
    expect(kept.result(task("b", 2, true))).toBeUndefined();
    kept.settled({ runId: id, key: "a", attempt: 1 });
    expect(kept.result(task("a", 2, true))).toBeUndefined();
  });

  test("is bounded, in number and in bytes, at the limit and one past it", () => {
    const kept = new KeptOutcomes({ keptOutcomes: 2, keptBytes: 100 });
    kept.told(id, [done("a"), done("b")]);
    expect(kept.size).toBe(2);
    kept.told(id, [done("c")]);
    expect([kept.local(id, "a", 1), kept.size]).toEqual([undefined, 2]);
    kept.told(id, [done("d", 1, 99)]);
    expect(kept.size).toBe(2);
    kept.told(id, [done("d", 1, 100)]);
    expect([kept.local(id, "c", 1), kept.size]).toEqual([undefined, 1]);
    kept.told(id, [done("d", 1, 101)]);
    expect(kept.size).toBe(0);
  });
});
