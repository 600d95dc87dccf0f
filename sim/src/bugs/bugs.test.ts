import { expect, test } from "vitest";
import { bugs } from "./catalogue.ts";
import { hunt } from "./hunt.ts";

test.each(bugs.map((bug) => ({ ...bug })))(
  "$name is found within $withinSeeds seeds, before $harm",
  async ({ name }) => {
    const bug = bugs.find((one) => one.name === name);
    expect(bug && (await hunt(bug))).toBeDefined();
  },
  60_000,
);
