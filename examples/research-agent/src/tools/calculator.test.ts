import { expect, test } from "vitest";
import { calculate } from "./calculator.ts";

test.each([
  ["1 + 2 * 3", 7],
  ["(1 + 2) * 3", 9],
  ["10 - 4 - 3", 3],
  ["12 / 4 / 3", 1],
  ["-2 * -(3 + 1)", 8],
  ["0.1 + 0.2", 0.3],
])("%s = %d", (expression, value) => {
  expect(calculate(expression)).toBe(value);
});

test.each([
  ["", "ends too early"],
  ["1 +", "ends too early"],
  ["1 2", 'did not expect "2"'],
  ["(1", "not closed"],
  ["1 / 0", "not a number"],
  ["process.exit()", 'did not expect "p"'],
  ["1200 blocks * 90", 'did not expect "b"'],
  ["(".repeat(60) + "1" + ")".repeat(60), "nested deeper"],
  ["1+".repeat(101) + "1", "longer than"],
])("%s is refused", (expression, reason) => {
  expect(() => calculate(expression)).toThrow(reason);
});
