import { describe, expect, test } from "vitest";
import { signals, type SentSignal } from "./signals.ts";

const sent: readonly SentSignal[] = ["a", "b"].flatMap((sender) =>
  [1, 2, 3].map((n) => ({ id: `${sender}${n}`, sender, isAcknowledged: n !== 2 })),
);

const kinds = (...received: readonly string[]): readonly string[] => [
  ...new Set(signals(sent, received).map((text) => text.split(":")[0] ?? "")),
];

describe("signals under ids", () => {
  test("arrive once, those in doubt once or never, in the order of each sender", () => {
    expect(kinds("a1", "b1", "a3", "b3")).toEqual([]);
    expect(kinds("b1", "b2", "a1", "b3", "a2", "a3")).toEqual([]);
  });

  test("may come late where nobody had acknowledged them", () => {
    expect(kinds("a1", "a3", "a2", "b1", "b3")).toEqual([]);
  });

  test("are found out when one is lost, doubled or invented", () => {
    expect(kinds("a1", "b1", "b3")).toEqual(["lost"]);
    expect(kinds("a1", "a3", "b1", "b3", "b3")).toEqual(["doubled"]);
    expect(kinds("a1", "a2", "a2", "a3", "b1", "b3")).toEqual(["doubled"]);
    expect(kinds("a1", "a3", "b1", "b3", "c1")).toEqual(["invented"]);
  });

  test("are found out when one overtakes another that was acknowledged", () => {
    expect(kinds("a3", "a1", "b1", "b3")).toEqual(["order"]);
    expect(kinds("a2", "a1", "a3", "b1", "b3")).toEqual(["order"]);
  });
});
