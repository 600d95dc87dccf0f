import { expect, test } from "vitest";
import { noFaults } from "../faults/mix.ts";
import { drawProgram } from "../programs/generate.ts";
import { Prng } from "../world/prng.ts";
import { countNodes, smallerPrograms } from "./smaller-programs.ts";

const mix = { ...noFaults, stepFails: 0.4 };

test("each smaller program says less than the one it comes from", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const program = drawProgram(new Prng(seed), mix, "p");
    for (const smaller of smallerPrograms(program)) {
      expect(countNodes(smaller)).toBeLessThanOrEqual(countNodes(program));
      expect(smaller).not.toEqual(program);
    }
  }
});

test("whatever is drawn, the smallest is a single node that says nothing", () => {
  for (let seed = 1; seed <= 200; seed++) {
    let program = drawProgram(new Prng(seed), mix, "p");
    for (let steps = 0; steps < 1_000; steps++) {
      const [first] = smallerPrograms(program);
      if (first === undefined) break;
      program = first;
    }
    expect(countNodes(program)).toBe(1);
  }
});
