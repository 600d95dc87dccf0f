/** All measurements, in rounds in which the contenders take turns. */
import { Child } from "./child.ts";
import type { Hello } from "./contender.ts";
import { measureDisk, type DiskFigures } from "./disk.ts";
import { thisMachine } from "./machine.ts";
import { measure } from "./measure.ts";
import type { Plan } from "./plan.ts";
import { mergeResults, type ContenderResults, type Round, type Suite } from "./results.ts";
import type { Workload, WorkloadKind } from "./workload.ts";

/** At most; and no longer than what is measured after it. */
const diskSeconds = 0.5;

export interface SuiteOptions {
  readonly plan: Plan;
  readonly kinds: readonly WorkloadKind[];
  /** Modules by name. */
  readonly contenders: ReadonlyMap<string, string>;
  readonly folder: string;
  readonly say: (line: string) => void;
}

interface Entrant {
  readonly name: string;
  readonly module: string;
  readonly hello: Hello;
}

/** Says how many measurements failed. */
export async function runSuite(options: SuiteOptions): Promise<number> {
  const { plan, kinds, contenders, folder, say } = options;
  const suite: Suite = {
    begunAt: new Date().toISOString(),
    machine: thisMachine(),
    seconds: plan.seconds,
  };
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
  for (const kind of kinds) {
    const rounds = new Rounds(suite, plan.workloads[kind], entrants);
    for (let round = 1; round <= plan.rounds; round++) {
      say(`${kind}: round ${round} of ${plan.rounds}`);
      failures += await rounds.next(plan.seconds, say);
      mergeResults(folder, { kind, contenders: rounds.results() });
    }
  }
  return failures;
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
  readonly #suite: Suite;
  readonly #workloads: readonly Workload[];
  readonly #entrants: readonly Entrant[];
  readonly #rounds = new Map<Entrant, Map<Workload, Round[]>>();

  constructor(suite: Suite, workloads: readonly Workload[], entrants: readonly Entrant[]) {
    this.#suite = suite;
    this.#workloads = workloads;
    this.#entrants = entrants;
    for (const entrant of entrants) {
      if (!takesPart(entrant, workloads)) continue;
      this.#rounds.set(entrant, new Map(workloads.map((workload) => [workload, []])));
    }
  }

  async next(seconds: number, say: (line: string) => void): Promise<number> {
    let failures = 0;
    for (const workload of this.#workloads) {
      const disk = measureDisk(Math.min(seconds, diskSeconds));
      for (const [{ name, module }, rounds] of this.#rounds) {
        const round = await attempt(module, workload, seconds, disk);
        rounds.get(workload)?.push(round);
        if (round.error !== undefined) failures++;
        say(`  ${name} ${sizeOf(workload)}: ${brief(round)}`);
      }
    }
    return failures;
  }

  results(): Record<string, ContenderResults> {
    const all: Record<string, ContenderResults> = {};
    for (const entrant of this.#entrants) {
      const rounds = this.#rounds.get(entrant) ?? new Map<Workload, Round[]>();
      const variants = [...rounds].map(([workload, those]) => ({ workload, rounds: those }));
      all[entrant.name] = { hello: entrant.hello, suite: this.#suite, variants };
    }
    return all;
  }
}

function takesPart({ hello }: Entrant, workloads: readonly Workload[]): boolean {
  return (
    hello.missing === undefined && workloads.some(({ kind }) => hello.workloads[kind] === true)
  );
}

async function attempt(
  module: string,
  workload: Workload,
  seconds: number,
  disk: DiskFigures,
): Promise<Round> {
  try {
    return { disk, ...(await measure(module, workload, seconds)) };
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
    .map(({ phase, operations, elapsedMs }) => {
      return `${phase} ${Math.round((operations / elapsedMs) * 1_000)}/s`;
    })
    .join(", ");
}
