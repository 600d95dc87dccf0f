/** Seeds in their order, until there are enough or the time is up. */
import { noBug } from "../bugs/bug.ts";
import { bugNamed } from "../bugs/catalogue.ts";
import type { SeedAnswer, SeedAsked } from "../jobs/pieces.ts";
import { jobsFor, share } from "../jobs/share.ts";
import type { Workers } from "../remote/kinds.ts";
import { printLines, printMarks, printRed, rateOf } from "../report/print.ts";
import { Marks } from "../world/marks.ts";
import { judge, type Verdict } from "./verdict.ts";

const MAX_RED = 8;
const LINES_SHOWN = 60;

interface Total {
  passed: number;
  events: number;
  virtualMs: number;
  runs: number;
  readonly red: number[];
  readonly marks: Marks;
}

interface Spent {
  readonly seconds: number;
  readonly cpuMs: number;
  readonly jobs: number;
}

export interface SeedsOptions {
  readonly first: number;
  readonly seeds: number;
  readonly seconds: number;
  readonly bug: string | undefined;
  readonly isNight: boolean;
  readonly workers: Workers | undefined;
  readonly jobs: number | undefined;
}

export async function runSeeds(options: SeedsOptions): Promise<number> {
  const { workers, isNight } = options;
  const total: Total = { passed: 0, events: 0, virtualMs: 0, runs: 0, red: [], marks: new Marks() };
  const begun = performance.now();
  const elapsed = (): number => (performance.now() - begun) / 1_000;
  const isEnough = (): boolean => elapsed() >= options.seconds || total.red.length >= MAX_RED;
  const jobs = jobsFor(options.seeds, options.jobs);
  const cpuMs = await share({
    kind: "seed",
    pieces: seedsOf(options, isEnough),
    jobs,
    onAnswer: (answer) => add(total, answer),
  });
  const { passed, red, marks } = total;
  const isBent = bugNamed(options.bug) !== noBug;
  const verdict = judge({ passed, red: red.length, marks, isNight, isBent });
  const as = workers === undefined ? "" : ` --workers ${workers}`;
  print(total, { seconds: elapsed(), cpuMs, jobs }, verdict, as);
  return verdict.isGreen ? 0 : 1;
}

function* seedsOf(
  { first, seeds, bug, workers }: SeedsOptions,
  isEnough: () => boolean,
): Generator<SeedAsked> {
  const overrides = workers === undefined ? {} : { workers };
  for (let i = 0; i < seeds && !isEnough(); i++) yield { seed: first + i, bug, overrides };
}

function add(total: Total, { events, virtualMs, runs, marks, red }: SeedAnswer): void {
  total.events += events;
  total.virtualMs += virtualMs;
  total.runs += runs;
  total.marks.add(marks);
  if (red === undefined) {
    total.passed += 1;
    return;
  }
  total.red.push(red.seed);
  printRed(red);
  printLines(red.lines.slice(-LINES_SHOWN));
}

function print(total: Total, spent: Spent, { isGreen, remarks }: Verdict, as: string): void {
  const { seconds, cpuMs, jobs } = spent;
  const seeds = total.passed + total.red.length;
  console.log(`\nfaults that fired, and what was seen:`);
  printMarks(total.marks);
  console.log(
    `\n${seeds} schedules in ${seconds.toFixed(1)} s by ${jobs} processes ` +
      `(${rateOf(seeds, seconds, cpuMs)}), ${total.runs} runs, ${total.events} events, ` +
      `${(total.virtualMs / 3_600_000).toFixed(1)} virtual hours`,
  );
  for (const remark of remarks) console.log(remark);
  const red = total.red.toSorted((a, b) => a - b);
  for (const seed of red) console.log(`npm run sim -- replay ${seed}${as}`);
  const isThin = !isGreen && red.length === 0;
  console.log(`sim: ${total.passed} passed, ${red.length + (isThin ? 1 : 0)} failed`);
}
