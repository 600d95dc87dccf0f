import { expect, test } from "vitest";
import list from "../regressions/seeds.json" with { type: "json" };
import type { Workers } from "./remote/kinds.ts";
import { simulate } from "./simulation.ts";
import { inMacrotask } from "./world/drain.ts";

const seeds = list as readonly { seed: number; workers?: Workers; was: string }[];

test.each(seeds)("seed $seed stays green, where $was", async ({ seed, workers }) => {
  const { violations } = await inMacrotask(() =>
    simulate({ seed, ...(workers === undefined ? {} : { overrides: { workers } }) }),
  );
  expect(violations).toEqual([]);
});
