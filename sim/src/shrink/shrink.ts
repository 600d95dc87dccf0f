/**
 * Makes a red seed small: leaves out whatever it can while the same invariant breaks.
 *
 * 1. What comes out was simulated just so and was red for the invariant that was asked for.
 * 2. Each pass only takes away, and they are repeated until none can (or the patience is over), so
 *    in the end every deed and every node that is left is needed, as far as one at a time can tell.
 *
 * What is left out takes its events along, and the seed then gives the others other turns. So a
 * candidate that is not red has a few more chances, each with turns of its own.
 *
 * Deeds are left out in halves, quarters and so on (delta debugging, Zeller and Hildebrandt 2002).
 */
import type { Bug } from "../bugs/bug.ts";
import { delays } from "../faults/mix.ts";
import type { Program } from "../programs/program.ts";
import { allSimplifications } from "../setting.ts";
import { simulate, type Report } from "../simulation.ts";
import { inMacrotask } from "../world/drain.ts";
import type { Overrides } from "./overrides.ts";
import { countNodes, smallerPrograms } from "./smaller-programs.ts";

export interface ShrinkOptions {
  readonly seed: number;
  readonly bug: Bug;
  /** What the seed is red with; nothing of it is taken back. */
  readonly from: Overrides;
  /** Simulations at most, and seconds. */
  readonly maxTries: number;
  readonly maxSeconds: number;
}

export interface Size {
  readonly deeds: number;
  /** Of all programs together. */
  readonly nodes: number;
  readonly events: number;
  readonly virtualMs: number;
}

export interface Shrunk {
  readonly invariant: string;
  readonly overrides: Overrides;
  readonly report: Report;
  readonly before: Size;
  readonly after: Size;
  readonly tries: number;
  /** The patience was over before nothing more could be left out. */
  readonly isCut: boolean;
}

/** Orders of events that are tried for each candidate. */
const CHANCES = 3;
/** A candidate may take so many times the events of what it comes from, and so many more. */
const PATIENCE = { factor: 3, events: 5_000 };
/** Enough for a healthy world, and a small part of what a seed is given. */
const SHORT_HEAL_MS = 600_000;

/** Undefined: the seed is not red. */
export async function shrink(options: ShrinkOptions): Promise<Shrunk | undefined> {
  const first = await run(options, options.from);
  const [violation] = first.violations;
  if (violation === undefined) return undefined;
  const { invariant } = violation;
  const shrinker = new Shrinker(options, invariant, first);
  await shrinker.run();
  const { overrides, report, tries, isCut } = shrinker;
  return {
    invariant,
    overrides,
    report,
    before: sizeOf(first),
    after: sizeOf(report),
    tries,
    isCut,
  };
}

function run(
  { seed, bug }: ShrinkOptions,
  overrides: Overrides,
  maxEvents?: number,
): Promise<Report> {
  const bound = maxEvents === undefined ? {} : { maxEvents };
  return inMacrotask(() => simulate({ seed, bug, overrides, ...bound }));
}

export function sizeOf({ deeds, programs, events, virtualMs }: Report): Size {
  const nodes = programs.reduce((sum, program) => sum + countNodes(program), 0);
  return { deeds: deeds.length, nodes, events, virtualMs };
}

class Shrinker {
  overrides: Overrides;
  report: Report;
  tries = 0;
  readonly #options: ShrinkOptions;
  readonly #invariant: string;
  readonly #deadline: number;
  readonly #tried = new Set<string>();

  constructor(options: ShrinkOptions, invariant: string, report: Report) {
    this.#options = options;
    this.overrides = options.from;
    this.#invariant = invariant;
    this.report = report;
    this.#deadline = performance.now() + options.maxSeconds * 1_000;
  }

  get isCut(): boolean {
    return this.tries >= this.#options.maxTries || performance.now() > this.#deadline;
  }

  async run(): Promise<void> {
    if (this.#isLiveness) await this.#attempt({ healMs: SHORT_HEAL_MS });
    for (let before = ""; before !== JSON.stringify(this.overrides) && !this.isCut;) {
      before = JSON.stringify(this.overrides);
      await this.#switchOff();
      await this.#leaveOut();
      await this.#simplifySetting();
      await this.#shorten();
      await this.#simplifyPrograms();
    }
    const { healMs: _, ...patient } = this.overrides;
    if (this.#isLiveness) await this.#settle(patient);
  }

  get #isLiveness(): boolean {
    return this.#invariant === "liveness";
  }

  /** It is told of the whole time where it is red then, too. */
  async #settle(patient: Overrides): Promise<void> {
    const report = await run(this.#options, patient);
    if (report.violations[0]?.invariant !== this.#invariant) return;
    this.overrides = patient;
    this.report = report;
  }

  /** Kept where the same invariant breaks, in these turns or in others. */
  async #try(changes: Overrides): Promise<boolean> {
    for (let chance = 0; chance < CHANCES; chance++) {
      const turns = chance === 0 ? {} : { turns: (this.overrides.turns ?? 0) + chance };
      if (await this.#attempt({ ...changes, ...turns })) return true;
    }
    return false;
  }

  async #attempt(changes: Overrides): Promise<boolean> {
    const candidate = { ...this.overrides, ...changes };
    const text = JSON.stringify(candidate);
    if (this.#tried.has(text) || this.isCut) return false;
    this.#tried.add(text);
    this.tries += 1;
    const bound = this.report.events * PATIENCE.factor + PATIENCE.events;
    const report = await run(this.#options, candidate, this.#isLiveness ? undefined : bound);
    if (report.violations[0]?.invariant !== this.#invariant) return false;
    this.overrides = candidate;
    this.report = report;
    return true;
  }

  /** Whole kinds of deeds, those with the most deeds first; then the delays. */
  async #switchOff(): Promise<void> {
    const off = (): readonly string[] => this.overrides.off ?? [];
    const counts = new Map<string, number>();
    for (const deed of this.report.deeds) {
      const kind = kindOf(deed);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    const kinds = [...counts].toSorted(([, a], [, b]) => b - a).map(([kind]) => kind);
    for (const kind of [...kinds, ...delays]) {
      if (!off().includes(kind)) await this.#try({ off: [...off(), kind] });
    }
  }

  /** Single deeds: parts of what is left, of half its size and then of less. */
  async #leaveOut(): Promise<void> {
    let size = Math.ceil(this.report.deeds.length / 2);
    while (size >= 1 && !this.isCut) {
      for (let from = this.report.deeds.length; from > 0 && !this.isCut; from -= size) {
        const { deeds } = this.report;
        const start = Math.max(0, from - size);
        await this.#try({ only: [...deeds.slice(0, start), ...deeds.slice(from)] });
        from = Math.min(from, this.report.deeds.length + size);
      }
      if (size === 1) break;
      size = Math.ceil(size / 2);
    }
  }

  async #simplifySetting(): Promise<void> {
    for (const name of allSimplifications) {
      const plain = this.overrides.plain ?? [];
      if (!plain.includes(name)) await this.#try({ plain: [...plain, name] });
    }
  }

  async #shorten(): Promise<void> {
    let low = 0;
    let high = this.report.chaosMs;
    while (high - low > 100 && !this.isCut) {
      const middle = Math.floor((low + high) / 2);
      if (await this.#try({ chaosMs: middle })) high = middle;
      else low = middle;
    }
  }

  async #simplifyPrograms(): Promise<void> {
    for (const { id } of this.report.programs) {
      let isSmaller = true;
      while (isSmaller && !this.isCut) isSmaller = await this.#simplify(id);
    }
  }

  async #simplify(id: string): Promise<boolean> {
    const program = this.report.programs.find((one) => one.id === id);
    if (program === undefined) return false;
    for (const candidate of smallerPrograms(program)) {
      const programs: Readonly<Record<string, Program>> = {
        ...this.overrides.programs,
        [id]: candidate,
      };
      if (await this.#try({ programs })) return true;
    }
    return false;
  }
}

function kindOf(deed: string): string {
  return deed.slice(0, deed.indexOf("#"));
}
