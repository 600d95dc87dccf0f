import { simulate } from "../simulation.ts";
import { inMacrotask } from "../world/drain.ts";
import type { Bug } from "./bug.ts";

export interface Found {
  readonly seed: number;
  readonly invariant: string;
  readonly text: string;
}

/** A bug that only crashes something has not been told from any other. */
const crashes: readonly string[] = ["engine", "client"];

/** The first seed that shows the bug, if one of those it states does. What is red anyway shows none. */
export async function hunt(bug: Bug): Promise<Found | undefined> {
  const overrides = { workers: bug.workers ?? "link" };
  for (let seed = 1; seed <= bug.withinSeeds; seed++) {
    const { violations } = await inMacrotask(() => simulate({ seed, bug, overrides }));
    const [first] = violations;
    if (first === undefined || crashes.includes(first.invariant)) continue;
    const without = await inMacrotask(() => simulate({ seed, overrides }));
    if (without.violations.length > 0) continue;
    return { seed, invariant: first.invariant, text: first.text };
  }
  return undefined;
}
