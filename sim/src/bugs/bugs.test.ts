import { expect, test } from "vitest";
import { bugs } from "./catalogue.ts";
import { hunt } from "./hunt.ts";

test("the catalogue names each bug once, and has at least 22", () => {
  expect(new Set(bugs.map(({ name }) => name)).size).toBe(bugs.length);
  expect(bugs.length).toBeGreaterThanOrEqual(22);
});

test.each(bugs.map((bug) => ({ ...bug })))(
  "$name is found within $withinSeeds seeds, before $harm",
  async ({ name }) => {
    const bug = bugs.find((one) => one.name === name);
    expect(bug && (await hunt(bug))).toBeDefined();
  },
  60_000,
);
