import { expect, test } from "vitest";
import { noBug } from "../bugs/bug.ts";
import { bugNamed } from "../bugs/catalogue.ts";
import { hunt } from "../bugs/hunt.ts";
import { simulate } from "../simulation.ts";
import { inMacrotask } from "../world/drain.ts";
import { formatOverrides, readOverrides, type Overrides } from "./overrides.ts";
import { shrink } from "./shrink.ts";

const patience = { maxTries: 400, maxSeconds: 40 };

test.each(["no-signal-dedupe", "no-dedupe", "lost-alarm"])(
  "a seed that shows %s becomes far smaller and is red for the same invariant",
  async (name) => {
    const bug = bugNamed(name);
    const { seed = 0, invariant } = (await hunt(bug)) ?? {};
    const from: Overrides = { workers: bug.workers ?? "link" };
    const shrunk = await shrink({ seed, bug, from, ...patience });
    expect(shrunk?.invariant).toBe(invariant);
    const { before, after, overrides } = shrunk!;
    expect(after.deeds).toBeLessThanOrEqual(Math.max(5, before.deeds / 5));
    expect(after.nodes).toBeLessThanOrEqual(Math.max(3, before.nodes / 2));

    const written = readOverrides(formatOverrides(overrides));
    const again = await inMacrotask(() => simulate({ seed, bug, overrides: written }));
    expect(again.violations[0]?.invariant).toBe(invariant);
    expect(again.hash).toBe(shrunk!.report.hash);
  },
  90_000,
);

test("a green seed cannot be shrunk", async () => {
  expect(await shrink({ seed: 1, bug: noBug, from: {}, ...patience })).toBeUndefined();
});

test("with nothing left out a seed is what it was", async () => {
  const plain = await inMacrotask(() => simulate({ seed: 5 }));
  const all = { only: plain.deeds };
  const same = await inMacrotask(() => simulate({ seed: 5, overrides: all }));
  expect(same.hash).toBe(plain.hash);
});

test("what is left out does not happen, and nothing else is added", async () => {
  const { deeds } = await inMacrotask(() => simulate({ seed: 5 }));
  const only = deeds.filter((_, i) => i % 2 === 0);
  const half = await inMacrotask(() => simulate({ seed: 5, overrides: { only } }));
  expect(half.violations).toEqual([]);
  expect(only).toEqual(expect.arrayContaining([...half.deeds]));
});
