import { expect, test } from "vitest";
import { ChurnMap } from "./churn-map.ts";

test("it is a map", () => {
  const map = new ChurnMap<string, number>();
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", 3);
  expect([map.size, map.get("a"), map.get("c"), map.has("b")]).toEqual([2, 3, undefined, true]);
  expect([...map]).toEqual([
    ["a", 3],
    ["b", 2],
  ]);
  expect([map.delete("a"), map.delete("a")]).toEqual([true, false]);
  map.set("a", 4);
  expect([[...map.keys()], [...map.values()]]).toEqual([
    ["b", "a"],
    [2, 4],
  ]);
  map.clear();
  expect([map.size, map.get("b")]).toEqual([0, undefined]);
});

test("what goes while it is looked through is not met, and what comes is", () => {
  const map = new ChurnMap<string, number>();
  for (const [at, name] of ["a", "b", "c"].entries()) map.set(name, at);
  const met = [];
  for (const value of map.values()) {
    met.push(value);
    map.delete("b");
    if (met.length < 3) map.set(`later ${met.length}`, 10 * met.length);
  }
  expect(met).toEqual([0, 2, 10, 20]);
});
