import { describe, expect, it } from "vitest";
import { restateLimits } from "../../../../limits.ts";
import { Bounds } from "./bounds.ts";

const still = { monotonic: () => 0 };

describe("what one query may read", () => {
  it.each(["sqlInvocations", "sqlJournals", "sqlJournalEvents", "sqlKeys", "sqlEntries"] as const)(
    "is %s, and not one more",
    (what) => {
      const bounds = new Bounds(still);
      bounds.take(what, restateLimits[what] - 1);
      bounds.take(what);
      expect(() => bounds.take(what)).toThrow(/WHERE/);
    },
  );

  it("is counted apart", () => {
    const bounds = new Bounds(still);
    bounds.take("sqlKeys", restateLimits.sqlKeys);
    bounds.take("sqlJournals", restateLimits.sqlJournals);
  });

  it("takes as long as the limit says, and no longer", () => {
    let now = 5;
    const bounds = new Bounds({ monotonic: () => now });
    now += restateLimits.sqlReadMs;
    bounds.take("sqlKeys");
    now += 1;
    expect(() => bounds.take("sqlKeys")).toThrow(/longer than/);
  });
});
