import { expect, test } from "vitest";
import { Prng } from "../world/prng.ts";
import { drawFaults, faults, styles, type Drawn, type FaultMix, type Style } from "./mix.ts";

const seeds = 4_000;
const drawn: readonly Drawn[] = Array.from({ length: seeds }, (_, i) =>
  drawFaults(new Prng(i + 1).fork("faults")),
);

const onIn = (mix: FaultMix) => faults.filter((fault) => mix[fault] > 0);
const of = (style: Style) => drawn.filter((one) => one.style === style);

test("each fault is off in about 40 of 100 seeds that have many, each on its own", () => {
  const many = of("many");
  for (const fault of faults) {
    const off = many.filter(({ mix }) => mix[fault] === 0).length / many.length;
    expect(off).toBeGreaterThan(0.35);
    expect(off).toBeLessThan(0.45);
  }
});

test("every two faults meet, and each is met without the other", () => {
  for (const one of faults) {
    for (const other of faults) {
      if (one === other) continue;
      const withOne = drawn.filter(({ mix }) => mix[one] > 0);
      const both = withOne.filter(({ mix }) => mix[other] > 0).length / withOne.length;
      expect(both).toBeGreaterThan(0.3);
      expect(both).toBeLessThan(0.7);
    }
  }
});

test("every style is drawn, and has as many faults as its name says", () => {
  for (const style of styles) expect(of(style).length / seeds).toBeGreaterThan(0.03);
  expect(of("quiet").every(({ mix }) => onIn(mix).length === 0)).toBe(true);
  expect(of("single").every(({ mix }) => onIn(mix).length === 1)).toBe(true);
  const count = (style: Style) =>
    of(style).reduce((sum, { mix }) => sum + onIn(mix).length, 0) / of(style).length;
  expect(count("few")).toBeLessThan(6);
  expect(count("many")).toBeGreaterThan(10);
});

test("each fault has seeds of its own, in which it comes more often than anywhere else", () => {
  for (const fault of faults) {
    const alone = of("single").filter(({ mix }) => mix[fault] > 0);
    const most = Math.max(...of("many").map(({ mix }) => mix[fault]));
    expect(alone.length).toBeGreaterThan(0);
    for (const { mix } of alone) expect(mix[fault]).toBeGreaterThan(most * 1.5);
  }
});

test("no two of a thousand mixes with many faults are alike", () => {
  const names = of("many").map(({ mix }) => onIn(mix).join());
  expect(new Set(names.slice(0, 1_000)).size).toBeGreaterThan(990);
});
