import { describe, it } from "vitest";
import { CallingDay } from "../testing/calling-day.test-support.ts";

describe("a bad day for callers", () => {
  it.each(seeds())(
    "ends with everything done that was said to be, once (seed %i)",
    async (seed) => {
      await new CallingDay(seed).live();
    },
    60_000,
  );
});

/** `CALLING_DAYS=1-500` for more of them. */
function seeds(): number[] {
  const [from = 1, to = 6] = (process.env["CALLING_DAYS"] ?? "")
    .split("-")
    .filter(Boolean)
    .map(Number);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
