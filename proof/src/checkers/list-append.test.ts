import { describe, expect, test } from "vitest";
import { listAppend, type ListHistory } from "./list-append.ts";

/** Five appends, one after the other, each read after it was acknowledged; a sixth in doubt. */
const good: ListHistory = {
  appends: [
    ...Array.from({ length: 5 }, (_, i) => ({
      element: `e${i}`,
      calledAt: 10 * i,
      answeredAt: 10 * i + 4,
    })),
    { element: "doubtful", calledAt: 12 },
  ],
  reads: Array.from({ length: 5 }, (_, i) => ({
    calledAt: 10 * i + 5,
    answeredAt: 10 * i + 9,
    elements: ["e0", "e1", "e2", "e3", "e4"].slice(0, i + 1),
  })),
  final: ["e0", "e1", "e2", "e3", "e4"],
};

const kinds = (history: Partial<ListHistory>): readonly string[] => [
  ...new Set(listAppend({ ...good, ...history }).map((text) => text.split(":")[0] ?? "")),
];

describe("a list that many append to", () => {
  test("is as it must be, with what is in doubt or without", () => {
    expect(kinds({})).toEqual([]);
    expect(kinds({ final: [...good.final, "doubtful"] })).toEqual([]);
  });

  test("may have overlapping appends in any order", () => {
    const appends = [
      { element: "a", calledAt: 0, answeredAt: 9 },
      { element: "b", calledAt: 1, answeredAt: 8 },
    ];
    expect(kinds({ appends, reads: [], final: ["a", "b"] })).toEqual([]);
    expect(kinds({ appends, reads: [], final: ["b", "a"] })).toEqual([]);
  });

  test("is found out when an acknowledged element is lost", () => {
    expect(kinds({ final: good.final.slice(0, 4), reads: good.reads.slice(0, 4) })).toEqual([
      "lost",
    ]);
  });

  test("is found out when an element is there twice", () => {
    expect(kinds({ final: [...good.final, "e2"] })).toContain("doubled");
    expect(kinds({ final: [...good.final, "doubtful", "doubtful"] })).toEqual(["doubled"]);
  });

  test("is found out when it shows what nobody appended", () => {
    expect(kinds({ final: [...good.final, "e9"] })).toEqual(["invented"]);
  });

  test("is found out when a read is no prefix", () => {
    const reads = [{ calledAt: 50, answeredAt: 51, elements: ["e0", "e2", "e1", "e3", "e4"] }];
    expect(kinds({ reads })).toEqual(["no prefix"]);
    const tooLong = [{ calledAt: 50, answeredAt: 51, elements: [...good.final, "doubtful"] }];
    expect(kinds({ reads: tooLong })).toEqual(["no prefix"]);
  });

  test("is found out when it does not follow real time", () => {
    expect(kinds({ reads: [], final: ["e1", "e0", "e2", "e3", "e4"] })).toEqual(["order"]);
    expect(kinds({ reads: [], final: ["e0", "e2", "e3", "e4", "e1"] })).toEqual(["order"]);
    expect(kinds({ reads: [], final: ["doubtful", ...good.final] })).toEqual(["order"]);
  });

  test("is found out when a read is stale, early or goes back in time", () => {
    const stale = [{ calledAt: 50, answeredAt: 51, elements: ["e0"] }];
    expect(kinds({ reads: stale })).toEqual(["stale"]);
    const early = [{ calledAt: 1, answeredAt: 2, elements: ["e0", "e1"] }];
    expect(kinds({ reads: early })).toEqual(["early"]);
    // Nobody was told of the second one yet, but somebody has seen it.
    const appends = [
      { element: "a", calledAt: 0, answeredAt: 1 },
      { element: "b", calledAt: 2, answeredAt: 99 },
    ];
    const back = [
      { calledAt: 3, answeredAt: 4, elements: ["a", "b"] },
      { calledAt: 5, answeredAt: 6, elements: ["a"] },
    ];
    expect(kinds({ appends, reads: back, final: ["a", "b"] })).toEqual(["back in time"]);
  });
});
