import { expect, test } from "vitest";
import { noBug } from "../bugs/bug.ts";
import { inMacrotask } from "../world/drain.ts";
import { explore, type Exploration } from "./explore.ts";
import type { Fault } from "./faults.ts";
import type { WorldShape } from "./small-world.ts";
import { worldOf } from "./worlds.ts";

const run = (shape: WorldShape): Promise<Exploration> => inMacrotask(() => explore(shape, noBug));

const faults: readonly Fault[] = [
  { type: "none" },
  { type: "worker crash", worker: 1, isNoticed: true },
  { type: "worker crash", worker: 1, isNoticed: false },
  { type: "commit answer lost", commit: "applied" },
  { type: "commit answer lost", commit: "not applied" },
  { type: "client answer lost" },
];

const named = faults.map((fault) => ({ fault, ...worldOf("one step", 2, fault) }));

test.each(named)(
  "what is not tried would lead to no other end: $name",
  async ({ shape }) => {
    const reduced = await run({ ...shape, turns: "at once" });
    const whole = await run({ ...shape, turns: "at once", isReduced: false });
    expect(whole.violations).toEqual([]);
    expect([...whole.ends].toSorted()).toEqual([...reduced.ends].toSorted());
    expect(whole.schedules).toBeGreaterThan(reduced.schedules);
  },
  60_000,
);

test.each(named)(
  "what is cut would lead to no other end: $name",
  async ({ shape }) => {
    const cut = await run(shape);
    const whole = await run({ ...shape, isCut: false });
    expect(whole.violations).toEqual([]);
    expect(whole.cut).toBe(0);
    expect([...whole.ends].toSorted()).toEqual([...cut.ends].toSorted());
  },
  60_000,
);

test("the same world is explored in the same way", async () => {
  const { shape } = worldOf("one step", 2, { type: "node crash" });
  expect(await run(shape)).toEqual(await run(shape));
}, 60_000);
