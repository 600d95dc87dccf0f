import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Failure } from "./failure.ts";
import type { RetryPolicy } from "./retry.ts";
import { defaultRetry, isFinal, noRetry, retryDelayMs } from "./retry.ts";

const failure: Failure = { code: "boom", message: "it broke" };

describe("the delay before the next attempt", () => {
  test("grows by the factor up to the longest interval", () => {
    const policy: RetryPolicy = { ...defaultRetry, maxIntervalMs: 5_000 };
    const delays = [1, 2, 3, 4, 50].map((attempt) => retryDelayMs(policy, attempt, failure));
    expect(delays).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  test("is what the far side asked for, instead of the policy's, and never negative", () => {
    expect(retryDelayMs(defaultRetry, 1, { ...failure, retryAfterMs: 250_000 })).toBe(250_000);
    expect(retryDelayMs(defaultRetry, 1, { ...failure, retryAfterMs: -5 })).toBe(0);
  });

  test("is finite and within the policy after any number of attempts", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.double({ min: 1, max: 10, noNaN: true }),
        (attempt, factor) => {
          const delay = retryDelayMs({ ...defaultRetry, factor }, attempt, failure)!;
          expect(delay).toBeGreaterThanOrEqual(defaultRetry.initialMs);
          expect(delay).toBeLessThanOrEqual(defaultRetry.maxIntervalMs);
        },
      ),
    );
  });
});

describe("there is no next attempt", () => {
  test("after the last one, which counts the first", () => {
    const policy = { ...defaultRetry, maxAttempts: 3 };
    expect(retryDelayMs(policy, 2, failure)).toBe(2_000);
    expect(retryDelayMs(policy, 3, failure)).toBeUndefined();
    expect(retryDelayMs(noRetry, 1, failure)).toBeUndefined();
  });

  test("for a failure that says so, or whose code the policy names", () => {
    const policy = { ...defaultRetry, nonRetryable: ["declined"] };
    const declined = { code: "declined", message: "no" };
    const final = { ...failure, retryable: false, retryAfterMs: 5 };
    expect(isFinal(policy, failure)).toBe(false);
    for (const last of [declined, final]) {
      expect(isFinal(policy, last)).toBe(true);
      expect(retryDelayMs(policy, 1, last)).toBeUndefined();
    }
  });

  test("but `retryable: true` does not overrule the policy", () => {
    expect(retryDelayMs(noRetry, 1, { ...failure, retryable: true })).toBeUndefined();
  });
});
