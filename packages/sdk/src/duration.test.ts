import { describe, expect, test } from "vitest";
import { durationMs, momentMs } from "./duration.ts";

describe("a duration", () => {
  test.each([
    ["250ms", 250],
    ["30s", 30_000],
    ["5m", 300_000],
    ["1.5h", 5_400_000],
    ["1h30m", 5_400_000],
    ["3d", 259_200_000],
    ["2w", 1_209_600_000],
    [" 1d 12h ", 129_600_000],
    ["0s", 0],
    [1500, 1500],
    [0.6, 1],
  ])("%j is %i ms", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  test.each(["", "3", "d", "3 days", "3d!", "-1s", "1m1h", "1s1s", "1e3s", -1, NaN, Infinity])(
    "%j is refused with an example of what fits",
    (text) => {
      expect(() => durationMs(text)).toThrow(/write|give|as in/);
    },
  );
});

test("a moment is a date or milliseconds, and never an invalid date", () => {
  expect(momentMs(new Date(5))).toBe(5);
  expect(momentMs(7.4)).toBe(7);
  expect(() => momentMs(new Date(NaN))).toThrow(/invalid/);
});
