import { expect, test } from "vitest";
import { declared } from "../reached/declared.ts";
import { Marks } from "../world/marks.ts";
import { judge, nightFloor } from "./verdict.ts";

function everything(): Marks {
  const marks = new Marks();
  for (const name of declared) marks.hit(name);
  return marks;
}

const night = { passed: nightFloor, red: 0, isNight: true, isBent: false };

test("a night is green when it has reached all that is declared, with seeds enough", () => {
  expect(judge({ ...night, marks: everything() })).toEqual({ isGreen: true, remarks: [] });
});

test("a night is red for one seed too few", () => {
  const { isGreen, remarks } = judge({ ...night, passed: nightFloor - 1, marks: everything() });
  expect(isGreen).toBe(false);
  expect(remarks).toEqual([`a night needs ${nightFloor} seeds, these were ${nightFloor - 1}`]);
});

test("a night is red for one thing that it never reached, whichever", () => {
  for (const name of declared) {
    const marks = new Marks();
    for (const other of declared) if (other !== name) marks.hit(other);
    const { isGreen, remarks } = judge({ ...night, marks });
    expect({ name, isGreen, remarks }).toEqual({
      name,
      isGreen: false,
      remarks: [`never in all these seeds: ${name}`],
    });
  }
});

test("by day what was not reached is only told", () => {
  const { isGreen, remarks } = judge({ ...night, isNight: false, passed: 1, marks: new Marks() });
  expect(isGreen).toBe(true);
  expect(remarks).toHaveLength(declared.length);
});

test("a red seed makes day and night red", () => {
  for (const isNight of [true, false]) {
    expect(judge({ ...night, isNight, red: 1, marks: everything() }).isGreen).toBe(false);
  }
});

test("no seed at all is red", () => {
  expect(judge({ ...night, passed: 0, isNight: false, marks: everything() }).isGreen).toBe(false);
});
