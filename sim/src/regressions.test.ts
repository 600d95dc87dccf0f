import { expect, test } from "vitest";
import list from "../regressions/seeds.json" with { type: "json" };
import type { Style } from "./faults/mix.ts";
import type { Workers } from "./remote/kinds.ts";
import { simulate } from "./simulation.ts";
import { inMacrotask } from "./world/drain.ts";

/** `style`: where nothing else is said, that of most seeds. */
const seeds = list as readonly {
  seed: number;
  workers?: Workers;
  style?: Style;
  was: string;
}[];

test.each(seeds)(
  "seed $seed stays green, where $was",
  async ({ seed, workers, style = "many" }) => {
    const overrides = { style, ...(workers === undefined ? {} : { workers }) };
    const { violations } = await inMacrotask(() => simulate({ seed, overrides }));
    expect(violations).toEqual([]);
  },
);
