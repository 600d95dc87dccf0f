import { describe, expect, test } from "vitest";
import { leases, type Grant, type LeaseHistory } from "./leases.ts";

const grant = (token: number, from: number, to: number, more: Partial<Grant> = {}): Grant => ({
  token,
  how: "acquire",
  askedAt: from,
  grantedAt: to,
  ...more,
});

const wrong = (
  grants: readonly Grant[],
  writes: readonly number[] = [],
  doubtful: LeaseHistory["doubtful"] = [],
): readonly string[] => leases({ grants, writes, doubtful });

describe("a lease with fencing tokens", () => {
  test("goes from hand to hand", () => {
    const first = grant(1, 0, 1, { releaseAskedAt: 5 });
    expect(wrong([first, grant(2, 4, 7)], [1, 1, 2])).toEqual([]);
  });

  test("is found out when two have the same token", () => {
    const first = grant(1, 0, 1, { releaseAskedAt: 5 });
    expect(wrong([first, grant(1, 6, 7)])).toEqual(["token 1 was granted twice"]);
  });

  test("is found out when a later token is lower", () => {
    const first = grant(5, 0, 1, { releaseAskedAt: 2 });
    expect(wrong([first, grant(4, 6, 7)])).toEqual(["token 4 was asked for after 5 was granted"]);
  });

  test("is found out when two have it at a time", () => {
    expect(wrong([grant(1, 0, 1), grant(2, 4, 7)])).toEqual([
      "token 2 was acquired while 1 had it",
    ]);
    const late = grant(1, 0, 1, { releaseAskedAt: 8 });
    expect(wrong([late, grant(2, 4, 7)])).toEqual(["token 2 was acquired while 1 had it"]);
  });

  test("is taken from its holder by a seizure, heard of or not", () => {
    const seizure = grant(2, 3, 4, { how: "seize", releaseAskedAt: 5 });
    expect(wrong([grant(1, 0, 1), seizure, grant(3, 5, 7)], [1, 2, 3])).toEqual([]);
    expect(wrong([grant(1, 0, 1), grant(3, 5, 7)], [], [{ how: "seize", askedAt: 3 }])).toEqual([]);
  });

  test("is not freed by a seizure that came before it, or that nobody asked for yet", () => {
    const before = grant(1, 0, 1, { how: "seize" });
    expect(wrong([before, grant(2, 2, 3), grant(3, 5, 7)])).not.toEqual([]);
    const later = [{ how: "seize", askedAt: 9 }] as const;
    expect(wrong([grant(1, 0, 1), grant(2, 4, 7)], [], later)).not.toEqual([]);
  });

  test("is found out when the resource takes a write of a former holder", () => {
    const first = grant(1, 0, 1, { releaseAskedAt: 5 });
    expect(wrong([first, grant(2, 4, 7)], [1, 2, 1])).toEqual([
      "a write with token 1 was taken after one with 2",
    ]);
  });

  test("is found out when somebody writes with a token that nobody was given", () => {
    const first = grant(1, 0, 1);
    expect(wrong([first], [1, 2])).toHaveLength(1);
    expect(wrong([first], [1, 2], [{ how: "seize", askedAt: 3 }])).toEqual([]);
  });
});
