import { expect, test } from "vitest";
import { bugs } from "./catalogue.ts";
import { hunt } from "./hunt.ts";

test("the catalogue names each bug once, and has at least 22", () => {
  expect(new Set(bugs.map(({ name }) => name)).size).toBe(bugs.length);
  expect(bugs.length).toBeGreaterThanOrEqual(22);
});

// All of them are hunted by `npm run sim -- bugs`, which `npm test` runs too.
test("one of them is found within the seeds that it states, by an invariant", async () => {
  const bug = bugs.find(({ name }) => name === "no-fence");
  const found = bug && (await hunt(bug));
  expect(found?.seed).toBeLessThanOrEqual(bug?.withinSeeds ?? 0);
});
