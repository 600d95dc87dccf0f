import { expect, test } from "vitest";
import { Latencies } from "./latency.ts";
import { median, percentile, spreadOf } from "./statistics.ts";

test("the median is the middle value, or the mean of the two in the middle, in any order", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([10, 1, 3, 2])).toBe(2.5);
  expect(median([7])).toBe(7);
  expect(median([])).toBeNaN();
});

test("a percentile is a value that was measured: of a hundred, the 99th has one above it", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentile(hundred, 0.99)).toBe(100);
  expect(percentile(hundred, 0.98)).toBe(99);
  expect(percentile(hundred, 0.5)).toBe(51);
  expect(percentile([4], 0.99)).toBe(4);
  expect(percentile([], 0.5)).toBeNaN();
});

test("a spread is the median and the range, and nothing without values", () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, lowest: 1, highest: 3, rounds: 3 });
  expect(spreadOf([])).toBeUndefined();
});

test("latencies are taken once, and are undefined when there are none", () => {
  const latencies = new Latencies();
  expect(latencies.take()).toBeUndefined();
  for (const ms of [1, 2, 3]) latencies.add(ms);
  expect(latencies.take()).toEqual({ count: 3, p50Ms: 2, p99Ms: 3 });
  expect(latencies.take()).toBeUndefined();
});
