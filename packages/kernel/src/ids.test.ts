import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KeyRef } from "./ids.ts";
import {
  derivedRunId,
  hash,
  isRunId,
  keyStream,
  machineOf,
  partitionOf,
  partsOf,
  runId,
  runOfStream,
  runStream,
  scheduleStream,
  SLOTS,
  slotOf,
  slotOfKey,
  slotOfRun,
  topicStream,
} from "./ids.ts";

const ms = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const slot = fc.integer({ min: 0, max: SLOTS - 1 });
const random = fc.stringMatching(/^[0-9a-f]{16}$/);
const text = fc.string({ unit: "grapheme", maxLength: 20 });

describe("a run id", () => {
  test("is a UUID of version 8 that names its slot", () => {
    fc.assert(
      fc.property(ms, slot, random, (at, home, digits) => {
        const id = runId(at, home, digits);
        expect(isRunId(id)).toBe(true);
        expect(slotOfRun(id)).toBe(home);
        expect(runOfStream(runStream(id))).toBe(id);
        expect(slotOf(runStream(id))).toBe(home);
      }),
    );
  });

  test("is written as it always was", () => {
    const id = runId(1_767_225_600_123.9, 0xabc, "fedcba9876543210");
    expect(id).toBe("019b76da-a87b-8abc-bedc-ba9876543210");
    expect(runId(2 ** 48 - 1, 0, "0000000000000000")).toBe("ffffffff-ffff-8000-8000-000000000000");
    expect(runId(0, 4_095, "ffffffffffffffff")).toBe("00000000-0000-8fff-bfff-ffffffffffff");
  });

  test("sorts by time", () => {
    fc.assert(
      fc.property(ms, ms, slot, random, (one, other, home, digits) => {
        const [earlier, later] = one < other ? [one, other] : [other, one];
        const first = runId(earlier, home, digits);
        const second = runId(later, home, digits);
        expect(first.slice(0, 13) <= second.slice(0, 13)).toBe(true);
      }),
    );
  });

  test("that is derived is the same for the same origin, and another for another", () => {
    const at = 1_767_225_600_000;
    expect(derivedRunId(at, 5, "a")).toBe(derivedRunId(at, 5, "a"));
    expect(derivedRunId(at, 5, "a")).not.toBe(derivedRunId(at, 5, "b"));
    expect(isRunId(derivedRunId(at, 5, "a"))).toBe(true);
    const many = new Set(Array.from({ length: 20_000 }, (_, n) => derivedRunId(at, 5, `run ${n}`)));
    expect(many.size).toBe(20_000);
  });

  test.each([
    "",
    "00000000-0000-4000-8000-000000000000",
    "00000000-0000-8000-0000-000000000000",
    "00000000-0000-8000-8000-00000000000G",
    "00000000-0000-8000-8000-0000000000000",
    "run/00000000-0000-8000-8000-000000000000",
  ])("is not %j", (other) => {
    expect(isRunId(other)).toBe(false);
  });
});

describe("a stream's name", () => {
  test("gives back the parts it was made of, whatever they hold", () => {
    fc.assert(
      fc.property(text, text, text, (namespace, kind, id) => {
        expect(partsOf(keyStream({ namespace, kind, id }))).toEqual([namespace, kind, id]);
        expect(partsOf(topicStream(namespace, id))).toEqual([namespace, id]);
        expect(partsOf(scheduleStream(namespace, id))).toEqual([namespace, id]);
      }),
    );
    const tricky: KeyRef = { namespace: "a/b", kind: "%2F", id: "%25/%" };
    expect(partsOf(keyStream(tricky))).toEqual(["a/b", "%2F", "%25/%"]);
  });

  test("differs where the parts do: no part can reach into the next", () => {
    expect(topicStream("a/b", "c")).not.toBe(topicStream("a", "b/c"));
    expect(topicStream("a", "b%2Fc")).not.toBe(topicStream("a", "b/c"));
  });

  test("says which machine it is of", () => {
    expect(machineOf(topicStream("n", "e"))).toBe("topic");
    expect(machineOf(scheduleStream("n", "e"))).toBe("schedule");
    expect(machineOf(keyStream({ namespace: "n", kind: "k", id: "i" }))).toBe("key");
    expect(machineOf(runStream(runId(0, 0, "0".repeat(16))))).toBe("run");
  });
});

describe("a home", () => {
  test("is one for a key and the runs under it", () => {
    fc.assert(
      fc.property(text, random, (id, digits) => {
        const key = { namespace: "default", kind: "workflow", id };
        const run = runId(0, slotOfKey(key), digits);
        for (const partitions of [1, 7, 64, SLOTS]) {
          expect(partitionOf(runStream(run), partitions)).toBe(
            partitionOf(keyStream(key), partitions),
          );
        }
      }),
    );
  });

  test("is spread evenly over the partitions", () => {
    const counts = Array.from({ length: 64 }, () => 0);
    for (let n = 0; n < 64_000; n++) {
      const partition = partitionOf(keyStream({ namespace: "d", kind: "w", id: `order-${n}` }), 64);
      counts[partition]! += 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });
});

test("the hash never changes: stored ids depend on it", () => {
  expect([hash("", 0), hash("", 1), hash("perdure", 0), hash("perdure", 1), hash("é", 0)]).toEqual([
    0, 1364076727, 2295449042, 1821062639, 3366485651,
  ]);
});
