import { expect, test } from "vitest";
import seeds from "../regressions/seeds.json" with { type: "json" };
import { simulate } from "./simulation.ts";
import { inMacrotask } from "./world/drain.ts";

test.each(seeds)("seed $seed stays green, where $was", async ({ seed }) => {
  const { violations } = await inMacrotask(() => simulate({ seed }));
  expect(violations).toEqual([]);
});
