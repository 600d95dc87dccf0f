import { expect, test } from "vitest";
import { noBug, type Bug } from "../bugs/bug.ts";
import { ackBeforeCommit, noFence, unknownIsDone } from "../bugs/in-store.ts";
import { maybeRanNever, replayOrder, staleLease } from "../bugs/in-workers.ts";
import { inMacrotask } from "../world/drain.ts";
import { explore } from "./explore.ts";
import type { Fault } from "./faults.ts";
import { noStartDedupe } from "./planted.ts";
import { worldOf } from "./worlds.ts";

const crash: Fault = { type: "worker crash", worker: 1, isNoticed: true };
const lost: Fault = { type: "commit answer lost", commit: "not applied" };

type Case = readonly [bug: Bug, fault: Fault, play: Parameters<typeof worldOf>[0], found: string];

const cases: readonly Case[] = [
  [ackBeforeCommit, { type: "none" }, "one step", "1"],
  [unknownIsDone, lost, "one step", "1"],
  [noFence, { type: "node crash" }, "one step", "3"],
  [staleLease, { type: "lease end", worker: 1 }, "one step", "9"],
  [maybeRanNever, crash, "one step", "maybeRan"],
  [maybeRanNever, crash, "two remote steps", "maybeRan"],
  [maybeRanNever, { type: "node crash" }, "one step", "maybeRan"],
  [replayOrder, crash, "two steps", "liveness"],
  [noStartDedupe, { type: "client answer lost" }, "one step", "4"],
];

test.each(cases.map(([bug, fault, play, found]) => ({ bug, fault, play, found, is: bug.name })))(
  "$is is found with $fault.type in $play, where all is well without it",
  async ({ bug, fault, play, found }) => {
    const { shape } = worldOf(play, 2, fault);
    const bent = await inMacrotask(() => explore(shape, bug));
    expect(bent.violations[0]?.invariant).toBe(found);
    expect(bent.red.length).toBeGreaterThan(0);
    const straight = await inMacrotask(() => explore(shape, noBug));
    expect(straight.violations).toEqual([]);
    expect(straight.faulty > 0).toBe(fault.type !== "none");
  },
  60_000,
);
