import { expect, test } from "vitest";
import { planKills } from "./kill-plan.ts";

test("the same seed plans the same kills, another seed others", () => {
  expect(planKills(7, 24)).toEqual(planKills(7, 24));
  expect(planKills(7, 24)).not.toEqual(planKills(8, 24));
});

test("kills are spread over the whole job and leave work for each", () => {
  for (let seed = 0; seed < 200; seed++) {
    const shares = planKills(seed, 24).map(({ afterShare }) => afterShare);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares[0]).toBeLessThan(0.05);
    expect(shares[23]).toBeGreaterThan(0.85);
    expect(shares[23]).toBeLessThan(0.95);
  }
});
