import { expect, test } from "vitest";
import { parseDelay } from "./delay.ts";

test.each([
  ["10s", 10_000],
  ["500ms", 500],
  ["60000ms", 60_000],
  ["1h 30m", 5_400_000],
  ["1h30min", 5_400_000],
  ["2days", 172_800_000],
  ["1w", 604_800_000],
  ["1M", 2_630_016_000],
  ["1y", 31_557_600_000],
  ["1us", 1],
  ["0s", 0],
  ["PT10S", 10_000],
  ["PT0.5S", 500],
  ["P1DT2H3M4S", 93_784_000],
  ["P1W", 604_800_000],
  ["pt1m", 60_000],
  ["100y", 3_155_760_000_000],
])("%s is %i ms", (text, ms) => {
  expect(parseDelay(text)).toBe(ms);
});

test.each([
  "",
  "10",
  "soon",
  "-1s",
  "10 parsecs",
  "P",
  "PT",
  "P1S",
  "1.5s",
  "101y",
  "s",
  "9".repeat(101),
])("%j is no delay", (text) => {
  expect(() => parseDelay(text)).toThrow("is none");
});
