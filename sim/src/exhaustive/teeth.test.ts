import { expect, test } from "vitest";
import { noBug, type Bug } from "../bugs/bug.ts";
import { ackBeforeCommit, noFence, outcomeGuessed, unknownIsDone } from "../bugs/in-store.ts";
import { maybeRanNever, maybeRanUnsaid, replayOrder, staleLease } from "../bugs/in-workers.ts";
import { inMacrotask } from "../world/drain.ts";
import { explore } from "./explore.ts";
import { describeFault, faultsFor, type Fault } from "./faults.ts";
import { deafToCuts, leaseForEver, noStartDedupe, outcomeUnheard } from "./planted.ts";
import { worldOf } from "./worlds.ts";

const crash: Fault = { type: "worker crash", worker: 1, isNoticed: true };
const silence: Fault = { type: "worker crash", worker: 1, isNoticed: false };
const cut: Fault = { type: "cut", worker: 1 };
const leaseEnd: Fault = { type: "lease end", worker: 1 };
const nodeCrash: Fault = { type: "node crash" };
const lost: Fault = { type: "commit answer lost", commit: "not applied" };
const applied: Fault = { type: "commit answer lost", commit: "applied" };
const clientLost: Fault = { type: "client answer lost" };

/** `found`: the invariant that it breaks first. */
type Case = readonly [bug: Bug, fault: Fault, play: Parameters<typeof worldOf>[0], found: string];

const cases: readonly Case[] = [
  [ackBeforeCommit, { type: "none" }, "one step", "1"],
  [unknownIsDone, lost, "one step", "1"],
  [outcomeGuessed, lost, "one step", "1"],
  [outcomeUnheard, applied, "one step", "liveness"],
  [noFence, nodeCrash, "one step", "3"],
  [staleLease, leaseEnd, "one step", "effects"],
  [maybeRanNever, crash, "one step", "maybeRan"],
  [maybeRanNever, crash, "two remote steps", "maybeRan"],
  [maybeRanNever, nodeCrash, "one step", "maybeRan"],
  [maybeRanUnsaid, crash, "one step", "effects"],
  [replayOrder, crash, "two remote steps", "9"],
  [deafToCuts, cut, "one step", "liveness"],
  [leaseForEver, silence, "one step", "liveness"],
  [noStartDedupe, clientLost, "one step", "4"],
];

const named = cases.map(([bug, fault, play, found]) => ({ bug, fault, play, found, is: bug.name }));

test.each(named)(
  "$is is found with $fault.type in $play, and breaks $found",
  async ({ bug, fault, play, found }) => {
    const { violations, red } = await inMacrotask(() =>
      explore(worldOf(play, 2, fault).shape, bug),
    );
    expect(violations[0]?.invariant).toBe(found);
    expect(red.length).toBeGreaterThan(0);
  },
  60_000,
);

const worlds = new Map(
  cases.map(([, fault, play]) => {
    const { name, shape } = worldOf(play, 2, fault);
    return [name, { name, shape }];
  }),
);

test.each([...worlds.values()])(
  "all is well without a bug: $name",
  async ({ shape }) => {
    const { violations, faulty, schedules } = await inMacrotask(() => explore(shape, noBug));
    expect(violations).toEqual([]);
    expect(schedules).toBeGreaterThan(0);
    expect(faulty > 0).toBe(shape.fault.type !== "none");
  },
  60_000,
);

test("each fault has a bug that it shows", () => {
  const shown = new Set(cases.map(([, fault]) => describeFault(fault)));
  const faults = faultsFor(1).map((fault) => describeFault(fault));
  expect(faults.filter((fault) => !shown.has(fault))).toEqual([]);
});
