import { expect, test } from "vitest";
import { check } from "./check.ts";

test("a web app is killed in the middle, its key is rotated, and every customer gets one letter", async () => {
  const report = await check(() => undefined);
  expect(report.outputs).toMatchObject([
    { approval: "yes", letter: 1 },
    { approval: "of course", letter: 2 },
  ]);
  expect(report.letters).toBe(2);
  // The letter of the killed app was asked for again, under the same key.
  expect(report.requests).toBe(3);
  expect(report.failure).toMatch(/127\.0\.0\.1.*it may have acted/);
  expect(report.keyChanged).toBe(true);
}, 180_000);
