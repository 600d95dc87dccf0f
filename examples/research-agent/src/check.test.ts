import { expect, test } from "vitest";
import { checksOf, type Ending } from "./check.ts";
import { turnCount } from "./scripted/script.ts";

const sound: Ending = {
  done: {
    type: "done",
    published: true,
    by: "somebody",
    steps: { model: turnCount, take_note: 1 },
    maybeRan: ["take_note"],
  },
  lives: 2,
  crashAfter: "take_note",
  notes: [{ key: "a", text: "ice floats" }],
  report: "Ice floats.",
  stats: { calls: turnCount + 2, failed: 2, repeated: 0, completed: turnCount },
};
const failures = (change: Partial<Ending>): string[] =>
  checksOf({ ...sound, ...change })
    .filter(({ ok }) => !ok)
    .map(({ text }) => text.split(":")[0] ?? "");

test("a sound ending passes", () => {
  expect(failures({})).toEqual([]);
});

test("a doubled note, a lost report, a repeated reply and a missing crash are each found", () => {
  const twice = [...sound.notes, ...sound.notes];
  expect(failures({ notes: twice })).toEqual(["notes on disk, one for each take_note step"]);
  expect(failures({ report: undefined })).toEqual(["the report is on disk"]);
  const repeated = { calls: turnCount + 3, failed: 2, repeated: 1, completed: turnCount };
  expect(failures({ stats: repeated })).toHaveLength(2);
  expect(failures({ lives: 1 })).toEqual(["lives of the agent's process"]);
  const silent = { ...sound.done, maybeRan: [] };
  expect(failures({ done: silent })).toEqual([
    "the journal says that take_note may have run twice",
  ]);
});
