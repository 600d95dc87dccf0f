/** Seeds one after the other, until there are enough or the time is up. */
import { noBug } from "../bugs/bug.ts";
import { bugNamed } from "../bugs/catalogue.ts";
import type { Workers } from "../remote/kinds.ts";
import { printLines, printMarks, printRed } from "../report/print.ts";
import { simulate, type Report } from "../simulation.ts";
import { inMacrotask } from "../world/drain.ts";
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

export async function runSeeds(options: {
  readonly first: number;
  readonly seeds: number;
  readonly seconds: number;
  readonly bug: string | undefined;
  readonly isNight: boolean;
  readonly workers: Workers | undefined;
}): Promise<number> {
  const bug = bugNamed(options.bug);
  const overrides = options.workers === undefined ? {} : { workers: options.workers };
  const total: Total = { passed: 0, events: 0, virtualMs: 0, runs: 0, red: [], marks: new Marks() };
  const begun = performance.now();
  const elapsed = (): number => (performance.now() - begun) / 1_000;
  for (let i = 0; i < options.seeds && elapsed() < options.seconds; i++) {
    const seed = options.first + i;
    const report = await inMacrotask(() => simulate({ seed, bug, overrides }));
    add(total, report);
    if (total.red.length >= MAX_RED) break;
  }
  const { passed, red, marks } = total;
  const { isNight } = options;
  const verdict = judge({ passed, red: red.length, marks, isNight, isBent: bug !== noBug });
  const as = options.workers === undefined ? "" : ` --workers ${options.workers}`;
  print(total, elapsed(), verdict, as);
  return verdict.isGreen ? 0 : 1;
}

function add(total: Total, report: Report): void {
  total.events += report.events;
  total.virtualMs += report.virtualMs;
  total.runs += report.runs;
  total.marks.add(report.marks);
  if (report.violations.length === 0) {
    total.passed += 1;
    return;
  }
  total.red.push(report.seed);
  printRed(report);
  printLines(report.lines.slice(-LINES_SHOWN));
}

function print(total: Total, seconds: number, { isGreen, remarks }: Verdict, as: string): void {
  const seeds = total.passed + total.red.length;
  console.log(`\nfaults that fired, and what was seen:`);
  printMarks(total.marks);
  console.log(
    `\n${seeds} seeds in ${seconds.toFixed(1)} s (${(seeds / seconds).toFixed(1)} a second), ` +
      `${total.runs} runs, ${total.events} events, ` +
      `${(total.virtualMs / 3_600_000).toFixed(1)} virtual hours`,
  );
  for (const remark of remarks) console.log(remark);
  for (const seed of total.red) console.log(`npm run sim -- replay ${seed}${as}`);
  const isThin = !isGreen && total.red.length === 0;
  console.log(`sim: ${total.passed} passed, ${total.red.length + (isThin ? 1 : 0)} failed`);
}
