/** A red seed made small, and how to replay it. */
import { bugNamed } from "../bugs/catalogue.ts";
import { printLines, printRed } from "../report/print.ts";
import { formatOverrides, type Overrides } from "../shrink/overrides.ts";
import { shrink, type Shrunk, type Size } from "../shrink/shrink.ts";
import { simulate } from "../simulation.ts";
import { inMacrotask } from "../world/drain.ts";

const MAX_TRIES = 3_000;
const MAX_SECONDS = 120;

export async function shrinkSeed(options: {
  readonly seed: number;
  readonly seconds: number | undefined;
  readonly bug: string | undefined;
  readonly overrides: Overrides;
}): Promise<number> {
  const { seed, seconds: maxSeconds = MAX_SECONDS, overrides: from } = options;
  const bug = bugNamed(options.bug);
  const shrunk = await shrink({ seed, bug, from, maxTries: MAX_TRIES, maxSeconds });
  if (shrunk === undefined) {
    console.log(`seed ${seed} is not red: there is nothing to shrink`);
    console.log("sim shrink: 0 passed, 1 failed");
    return 1;
  }
  const { overrides } = shrunk;
  const keepLines = Number.MAX_SAFE_INTEGER;
  const report = await inMacrotask(() => simulate({ seed, bug, overrides, keepLines }));
  printLines(report.lines);
  printRed(report);
  for (const line of described(shrunk)) console.log(line);
  console.log(replayCommand(seed, options.bug, overrides));
  console.log("sim shrink: 1 passed, 0 failed");
  return 0;
}

function described({ overrides, report, before, after, tries, isCut }: Shrunk): readonly string[] {
  return [
    `  setting: ${overrides.plain?.join(" ") ?? "as drawn"}, harmed for ${report.chaosMs} ms`,
    `  deeds:   ${report.deeds.join(" ") || "none"}`,
    ...report.programs.map(({ id, ...program }) => `  ${id}: ${JSON.stringify(program)}`),
    "",
    `from ${words(before)}`,
    `to   ${words(after)}, in ${tries} tries${isCut ? "; more time might make it smaller" : ""}`,
  ];
}

function words({ deeds, nodes, events, virtualMs }: Size): string {
  return `${deeds} deeds, ${nodes} nodes of programs, ${events} events, ${virtualMs} virtual ms`;
}

function replayCommand(seed: number, bug: string | undefined, overrides: Overrides): string {
  const bent = bug === undefined ? "" : ` --bug ${bug}`;
  return `npm run sim -- replay ${seed}${bent} --with '${formatOverrides(overrides).replaceAll("'", "\\u0027")}'`;
}
