/** Opens a house for each mode, runs the scenarios there, and prints what came of them. */
import type { Arguments } from "./arguments.ts";
import { writeDocument } from "./document.ts";
import { House } from "./house.ts";
import { keep } from "./kept-results.ts";
import { Random } from "./random.ts";
import type { Result } from "./results.ts";
import { letCallsBeLeft, runScenarios } from "./run.ts";
import { scenarioClasses } from "./scenarios/all.ts";
import { closingLine, printed } from "./table.ts";
import type { ScenarioClass } from "./world.ts";

export async function conformance(args: Arguments): Promise<boolean> {
  letCallsBeLeft();
  const classes = chosen(args.scenario);
  const results: Result[] = [];
  for (const mode of args.modes) {
    const random = new Random(args.seed);
    const { against, faults, atOnce } = args;
    const startedMs = performance.now();
    const house = await House.open({ against, mode, faults, random });
    try {
      const ofMode = await runScenarios(house, classes, { mode, faults, atOnce, random });
      results.push(...ofMode);
      const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
      console.log(printed(ofMode, args.verbose));
      console.log(`${mode}, ${faults === "none" ? "undisturbed" : faults}: ${seconds} s`);
      if (faults === "proxy") console.log(`connections: ${JSON.stringify(house.faults())}`);
    } finally {
      await house.close();
    }
  }
  if (args.write) {
    await keep(args.against, args.seed, results);
    await writeDocument(scenarioClasses);
  }
  console.log(closingLine(results));
  return results.every(({ verdict }) => verdict.kind !== "failed");
}

function chosen(text: string): ScenarioClass[] {
  const classes = scenarioClasses
    .map((each) => ({
      ...each,
      scenarios: each.scenarios.filter(({ name }) =>
        `${each.name} ${name}`.toLowerCase().includes(text),
      ),
    }))
    .filter(({ scenarios }) => scenarios.length > 0);
  if (classes.length === 0) throw new Error(`no class and no scenario has "${text}" in its name`);
  return classes;
}
