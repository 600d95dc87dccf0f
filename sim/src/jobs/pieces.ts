/** The pieces of work that are done alone, each a function of what it is asked: of plain data. */
import { bugNamed } from "../bugs/catalogue.ts";
import { hunt, type Found } from "../bugs/hunt.ts";
import { explore } from "../exhaustive/explore.ts";
import { worldsOf } from "../exhaustive/worlds.ts";
import type { Violation } from "../checks/violations.ts";
import type { Overrides } from "../shrink/overrides.ts";
import { simulate, type Report } from "../simulation.ts";
import { inMacrotask } from "../world/drain.ts";

export interface SeedAsked {
  readonly seed: number;
  readonly bug: string | undefined;
  readonly overrides: Overrides;
}

/** What is left of a report when it travels: a green one is counted and not read. */
export interface SeedAnswer {
  readonly events: number;
  readonly virtualMs: number;
  readonly runs: number;
  readonly marks: readonly (readonly [name: string, times: number])[];
  readonly red: Omit<Report, "marks"> | undefined;
}

export interface WorldAsked {
  readonly isNight: boolean;
  readonly at: number;
  readonly bug: string | undefined;
}

export interface WorldAnswer {
  readonly schedules: number;
  readonly cut: number;
  readonly faulty: number;
  readonly states: number;
  readonly depth: number;
  readonly ends: number;
  readonly violations: readonly Violation[];
  readonly red: readonly string[];
}

/** By kind, what is asked and what is answered. */
export interface Pieces {
  readonly seed: { readonly asked: SeedAsked; readonly answer: SeedAnswer };
  readonly hunt: { readonly asked: string; readonly answer: Found | undefined };
  readonly world: { readonly asked: WorldAsked; readonly answer: WorldAnswer };
}

export type Kind = keyof Pieces;

type Doers = { readonly [K in Kind]: (asked: Pieces[K]["asked"]) => Promise<Pieces[K]["answer"]> };

const doers: Doers = {
  seed: async ({ seed, bug, overrides }) => {
    const report = await inMacrotask(() => simulate({ seed, bug: bugNamed(bug), overrides }));
    const { marks, ...rest } = report;
    const { events, virtualMs, runs, violations } = rest;
    const red = violations.length > 0 ? rest : undefined;
    return { events, virtualMs, runs, marks: marks.all(), red };
  },
  hunt: (name) => hunt(bugNamed(name)),
  world: async ({ isNight, at, bug }) => {
    const world = worldsOf(isNight)[at];
    if (world === undefined) throw new Error(`there is no world ${at}`);
    const found = await inMacrotask(() => explore(world.shape, bugNamed(bug)));
    return { ...found, ends: found.ends.size };
  },
};

export async function work<K extends Kind>(
  kind: K,
  asked: Pieces[K]["asked"],
): Promise<Pieces[K]["answer"]> {
  return doers[kind](asked);
}
