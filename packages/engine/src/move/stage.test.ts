import type { Seal } from "@perdure/store";
import { describe, expect, it } from "vitest";
import { stageOf, type Seals, type Stage } from "./stage.ts";

const seal = (state: Seal["state"], other: string, move = "m"): Seal => ({ state, move, other });
const open = undefined;
const leaving = seal("leaving", "b");
const copied = seal("copied", "b");
const moved = seal("moved", "b");
const arriving = seal("arriving", "a");

function stage(here: Seals, there: Seals): Stage {
  return stageOf({ source: { name: "a", seals: here }, target: { name: "b", seals: there } });
}

describe("how far a move has come", () => {
  it.each<[string, Seals, Seals, Stage]>([
    ["nothing is sealed", [open, open], [open], { type: "new" }],
    [
      "the source is being sealed",
      [leaving, open],
      [open],
      { type: "copying", move: "m", isArriving: false },
    ],
    [
      "the target is being sealed",
      [leaving, leaving],
      [arriving, open],
      { type: "copying", move: "m", isArriving: false },
    ],
    ["copying", [leaving], [arriving, arriving], { type: "copying", move: "m", isArriving: true }],
    [
      "the source is being given up",
      [moved, leaving],
      [arriving],
      { type: "copying", move: "m", isArriving: true },
    ],
    [
      "the target is being opened",
      [moved, moved],
      [open, arriving],
      { type: "ending", move: "m", isCopy: false, isArriving: true },
    ],
    ["it is over", [moved, moved], [open, open], { type: "over" }],
    [
      "a copy, the target is being opened",
      [copied],
      [open, arriving],
      { type: "ending", move: "m", isCopy: true, isArriving: true },
    ],
    [
      "a copy, the source is being opened",
      [open, copied],
      [open],
      { type: "ending", move: "m", isCopy: true, isArriving: false },
    ],
  ])("%s", (_, here, there, expected) => {
    expect(stage(here, there)).toEqual(expected);
  });

  it.each<[string, Seals, Seals, string]>([
    ["the source has moved elsewhere", [seal("moved", "c")], [open], "has moved to c"],
    ["the source is on its way elsewhere", [seal("leaving", "c")], [open], "to c has not ended"],
    ["the source waits for a move itself", [seal("arriving", "c")], [open], "from c to this store"],
    ["the target is on its way elsewhere", [open], [seal("leaving", "c")], "to c has not ended"],
    ["the target has moved elsewhere", [open], [seal("moved", "c")], "has moved to c"],
    [
      "the target waits for another move",
      [open],
      [arriving],
      "b waits for the end of another move",
    ],
    ["of two moves", [leaving], [seal("arriving", "a", "n")], "of which a knows nothing"],
    ["two moves in one store", [leaving, seal("leaving", "b", "n")], [open], "sealed by two moves"],
  ])("is not guessed at when %s", (_, here, there, message) => {
    expect(() => stage(here, there)).toThrow(message);
  });
});
