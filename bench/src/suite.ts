/** All measurements, in rounds in which the contenders take turns. */
import { Child } from "./child.ts";
import type { Hello } from "./contender.ts";
import { measureDisk, type DiskFigures } from "./disk.ts";
import { thisMachine } from "./machine.ts";
import { plannedSeconds } from "./duration.ts";
import { Turn } from "./measure.ts";
import { isFor, type Part, type Plan } from "./plan.ts";
import { mergeResults, type ContenderResults, type Round, type Suite } from "./results.ts";
import type { Workload, WorkloadKind } from "./workload.ts";

/** At most; and no longer than what is measured after it. */
const diskSeconds = 0.5;

interface Entrant {
  readonly name: string;
  readonly module: string;
  readonly hello: Hello;
}

export interface SuiteOptions {
  readonly plan: Plan;
  readonly kinds: readonly WorkloadKind[];
  /** Modules by name. */
  readonly contenders: ReadonlyMap<string, string>;
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** Says how many measurements failed. */
export async function runSuite(options: SuiteOptions): Promise<number> {
  const { plan, kinds, contenders, folder, say } = options;
  const suite: Suite = { begunAt: new Date().toISOString(), machine: thisMachine() };
  const entrants: Entrant[] = [];
  let failures = 0;
  for (const [name, module] of contenders) {
    try {
      const hello = await greet(module);
      entrants.push({ name, module, hello });
      say(introduction(hello));
    } catch (error) {
      failures++;
      say(`${name}: FAILED: ${messageOf(error)}`);
    }
  }
  const planned = (kind: WorkloadKind): number =>
    plannedSeconds(
      plan[kind],
      entrants.filter((entrant) => takesPart(entrant, kind)).map(({ name }) => name),
    );
  const all = kinds.reduce((sum, kind) => sum + planned(kind), 0);
  say(`planned: ${minutes(all)} of a quiet machine`);
  for (const kind of kinds) {
    const begin = performance.now();
    const rounds = new Rounds(suite, kind, plan[kind], entrants);
    for (let round = 1; round <= rounds.count; round++) {
      say(`${kind}: round ${round} of ${rounds.count}`);
      failures += await rounds.next(round, say);
      mergeResults(folder, { kind, contenders: rounds.results() });
    }
    const took = (performance.now() - begin) / 1_000;
    say(`${kind}: ${minutes(took)}, planned ${minutes(planned(kind))}`);
  }
  return failures;
}

function minutes(seconds: number): string {
  return `${(seconds / 60).toFixed(1)} minutes`;
}

async function greet(module: string): Promise<Hello> {
  const child = new Child(module);
  try {
    return await child.hello();
  } finally {
    await child.kill();
  }
}

function introduction({ name, versions, durability, settings, missing }: Hello): string {
  if (missing !== undefined) return `${name}: missing; install it: ${missing}`;
  const those = Object.entries(versions).map(([what, version]) => `${what} ${version}`);
  return `${name}: ${those.join(", ")}; ${durability}; ${settings}`;
}

/** The rounds of one kind of workload. */
class Rounds {
  readonly count: number;
  readonly #suite: Suite;
  readonly #parts: readonly Part[];
  readonly #entrants: readonly Entrant[];
  readonly #rounds = new Map<Entrant, Map<Part, Round[]>>();

  constructor(
    suite: Suite,
    kind: WorkloadKind,
    parts: readonly Part[],
    entrants: readonly Entrant[],
  ) {
    this.#suite = suite;
    this.#parts = parts;
    this.#entrants = entrants;
    this.count = Math.max(0, ...parts.map(({ rounds }) => rounds));
    for (const entrant of entrants) {
      if (!takesPart(entrant, kind)) continue;
      const own = parts.filter((part) => isFor(part, entrant.name));
      this.#rounds.set(entrant, new Map(own.map((part) => [part, []])));
    }
  }

  /** The contenders take turns; in its turn each does all sizes. */
  async next(number: number, say: (line: string) => void): Promise<number> {
    const now = this.#parts.filter(({ rounds }) => number <= rounds);
    const seconds = Math.max(...now.map((part) => part.seconds));
    const disk = measureDisk(seconds === 0 ? diskSeconds : Math.min(seconds, diskSeconds));
    let failures = 0;
    for (const [{ name, module }, measured] of this.#rounds) {
      const turn = new Turn(module);
      for (const part of now.filter((one) => isFor(one, name))) {
        const round = await attempt(turn, part, disk);
        measured.get(part)?.push(round);
        if (round.error !== undefined) failures++;
        say(`  ${name} ${sizeOf(part.workload)}: ${brief(round)}`);
      }
      await turn.close().catch((error: unknown) => say(`  ${name}: ${messageOf(error)}`));
    }
    return failures;
  }

  results(): Record<string, ContenderResults> {
    const all: Record<string, ContenderResults> = {};
    for (const entrant of this.#entrants) {
      const measured = this.#rounds.get(entrant) ?? new Map<Part, Round[]>();
      const variants = [...measured].map(([{ workload, seconds }, rounds]) => {
        return { workload, seconds, rounds };
      });
      all[entrant.name] = { hello: entrant.hello, suite: this.#suite, variants };
    }
    return all;
  }
}

function takesPart({ hello }: Entrant, kind: WorkloadKind): boolean {
  return hello.missing === undefined && hello.workloads[kind] === true;
}

async function attempt(turn: Turn, part: Part, disk: DiskFigures): Promise<Round> {
  try {
    return { disk, ...(await turn.measure(part)) };
  } catch (error) {
    return { disk, error: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function sizeOf(workload: Workload): string {
  return Object.entries(workload)
    .filter(([field]) => field !== "kind")
    .map(([field, value]) => `${field} ${value}`)
    .join(" ");
}

function brief(round: Round): string {
  if (round.error !== undefined) return `FAILED: ${round.error}`;
  return round.phases
    .map(({ phase, operations, elapsedMs, unfinished }) => {
      const rate = `${phase} ${Math.round((operations / elapsedMs) * 1_000)}/s`;
      return unfinished === undefined ? rate : `${rate} (cut: ${unfinished} more were begun)`;
    })
    .join(", ");
}
