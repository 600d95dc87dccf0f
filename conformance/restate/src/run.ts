/** Runs scenarios against one house, several at a time. */
import { setTimeout as sleep } from "node:timers/promises";
import type { House } from "./house.ts";
import { differences } from "./differences.ts";
import type { Against, Faults, Mode } from "./mode.ts";
import type { Random } from "./random.ts";
import type { Result, Verdict } from "./results.ts";
import type { Scenario, ScenarioClass } from "./world.ts";

export interface RunOptions {
  readonly mode: Mode;
  readonly faults: Faults;
  readonly atOnce: number;
  readonly random: Random;
}

interface Named {
  readonly className: string;
  readonly scenario: Scenario;
}

const deadlineMs = { none: 45_000, proxy: 90_000, kills: 90_000 } as const;

/** In a wave, how often the server is killed. */
const killsOfAWave = 3;

export async function runScenarios(
  house: House,
  classes: readonly ScenarioClass[],
  options: RunOptions,
): Promise<Result[]> {
  const named = classes.flatMap(({ name, scenarios }) =>
    scenarios.map((scenario) => ({ className: name, scenario })),
  );
  const results: Result[] = [];
  const toRun: Named[] = [];
  for (const each of named) {
    const why = leftOut(each.scenario, options);
    if (why === undefined) toRun.push(each);
    else results.push(resultOf(each, options, { kind: "left out", why }, 0));
  }
  const run = options.faults === "kills" ? inWaves : inLanes;
  return [...results, ...(await run(house, toRun, options))];
}

function leftOut({ needs }: Scenario, { mode, faults }: RunOptions): string | undefined {
  if (needs.modes && !needs.modes.includes(mode)) return `says nothing about ${mode}`;
  return faults === "none" ? undefined : needs.calm;
}

async function inLanes(
  house: House,
  named: readonly Named[],
  options: RunOptions,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = [...named];
  const lane = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      results.push(await one(house, next, options));
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, lane));
  return results;
}

/** All of a wave start together, and the server is killed while they run: soon, and again. */
async function inWaves(
  house: House,
  named: readonly Named[],
  options: RunOptions,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let from = 0; from < named.length; from += options.atOnce) {
    const wave = named.slice(from, from + options.atOnce);
    const state = { isOver: false, kills: 0 };
    const running = Promise.all(
      wave.map(async (each) => {
        const result = await one(house, each, options);
        results.push({ ...result, kills: state.kills });
      }),
    ).finally(() => (state.isOver = true));
    for (let kill = 0; kill < killsOfAWave && !state.isOver; kill++) {
      await sleep(options.random.between(20, kill === 0 ? 250 : 1_500));
      await house.server.kill();
      state.kills += 1;
      await house.server.start();
    }
    await running;
  }
  return results;
}

/** A scenario that fails leaves calls behind, whose failures nobody awaits. */
export function letCallsBeLeft(): void {
  process.on("unhandledRejection", () => undefined);
}

async function one(house: House, named: Named, options: RunOptions): Promise<Result> {
  const { world, leave } = house.world();
  const verdictOf = (verdict: Verdict) => judged(verdict, named.scenario.name, world.against);
  const startedMs = performance.now();
  const impatience = new AbortController();
  const tooLong = sleep(deadlineMs[options.faults], undefined, { signal: impatience.signal }).then(
    () => {
      throw new Error(`not over after ${deadlineMs[options.faults] / 1_000} s`);
    },
  );
  try {
    await Promise.race([named.scenario.run(world), tooLong]);
    return resultOf(named, options, verdictOf({ kind: "passed" }), performance.now() - startedMs);
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return resultOf(
      named,
      options,
      verdictOf({ kind: "failed", why }),
      performance.now() - startedMs,
    );
  } finally {
    impatience.abort();
    tooLong.catch(() => undefined);
    await leave();
  }
}

/** A difference that is none any more is a failure too: the list of them is true. */
function judged(verdict: Verdict, name: string, against: Against): Verdict {
  const known = differences[name];
  if (known?.of !== against) return verdict;
  if (verdict.kind === "failed") return { kind: "differs", why: known.why };
  return { kind: "failed", why: "differences.ts says that it fails, and it does not" };
}

const resultOf = (
  { className, scenario }: Named,
  { mode, faults }: RunOptions,
  verdict: Verdict,
  tookMs: number,
): Result => ({
  className,
  scenario: scenario.name,
  mode,
  faults,
  verdict,
  kills: 0,
  tookMs: Math.round(tookMs),
});
