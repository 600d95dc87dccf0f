import { afterEach, expect, test } from "vitest";
import { shiftClock } from "./clock.ts";

const RealDate = Date;
afterEach(() => {
  globalThis.Date = RealDate;
});

test("a clock is wrong by what it is told, and what was said of other times stays", () => {
  shiftClock(-600_000);
  const off = RealDate.now() - Date.now();
  expect(off).toBeGreaterThanOrEqual(600_000);
  expect(RealDate.now() - new Date().getTime()).toBeGreaterThanOrEqual(600_000);
  expect(new Date(5).getTime()).toBe(5);
  expect(new Date("2026-02-03T00:00:00Z").toISOString()).toBe("2026-02-03T00:00:00.000Z");
  shiftClock(600_000);
  expect(Date.now()).toBeGreaterThan(RealDate.now() + 500_000);
});
