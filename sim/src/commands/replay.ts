/** One seed again, with everything that happened and all payloads. */
import { bugNamed } from "../bugs/catalogue.ts";
import { printLines, printMarks, printRed } from "../report/print.ts";
import type { Overrides } from "../shrink/overrides.ts";
import { simulate } from "../simulation.ts";
import { inMacrotask } from "../world/drain.ts";

export async function replay(options: {
  readonly seed: number;
  readonly bug: string | undefined;
  readonly overrides: Overrides;
}): Promise<number> {
  const { seed, overrides } = options;
  const bug = bugNamed(options.bug);
  const report = await inMacrotask(() =>
    simulate({ seed, bug, overrides, keepLines: Number.MAX_SAFE_INTEGER, verbose: true }),
  );
  printLines(report.lines);
  printMarks(report.marks);
  const isGreen = report.violations.length === 0;
  if (!isGreen) printRed(report);
  console.log(`sim: ${isGreen ? 1 : 0} passed, ${isGreen ? 0 : 1} failed`);
  return isGreen ? 0 : 1;
}
