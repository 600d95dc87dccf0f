import { expect, test } from "vitest";
import { operations, pathOf } from "./operations.ts";

test("no two operations share a method and a path", () => {
  const names = Object.values(operations).map(({ method, path }) => `${method} ${path}`);
  expect(new Set(names).size).toBe(names.length);
});

test("a parameter stays within its segment", () => {
  expect(pathOf("runs.why", { runId: "../a b/%" })).toBe("/v1/runs/..%2Fa%20b%2F%25/why");
});
