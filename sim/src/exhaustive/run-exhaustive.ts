/** `npm run sim -- exhaustive`: every world, with its figures, and a verdict. */
import type { Bug } from "../bugs/bug.ts";
import { bugNamed } from "../bugs/catalogue.ts";
import { inMacrotask } from "../world/drain.ts";
import { explore, type Exploration } from "./explore.ts";
import { worldsOfTheDay, worldsOfTheNight, type NamedWorld } from "./worlds.ts";

interface Total {
  readonly passed: number;
  readonly failed: number;
  readonly schedules: number;
  readonly cut: number;
  readonly depth: number;
}

const nothing: Total = { passed: 0, failed: 0, schedules: 0, cut: 0, depth: 0 };

/** With a planted bug: the worlds that it makes red say in which schedule. */
export async function runExhaustive(options: {
  readonly isNight: boolean;
  readonly bug: string | undefined;
}): Promise<number> {
  const bug = bugNamed(options.bug);
  const begun = performance.now();
  let total = nothing;
  for (const world of options.isNight ? worldsOfTheNight() : worldsOfTheDay()) {
    total = add(total, await runWorld(world, bug));
  }
  const seconds = (performance.now() - begun) / 1_000;
  const { passed, failed, schedules, cut, depth } = total;
  console.log(
    `\n${schedules} schedules of up to ${depth} events run to their end, ${cut} cut as equivalent, ` +
      `in ${seconds.toFixed(1)} s (${((schedules + cut) / seconds).toFixed(0)} a second)`,
  );
  console.log(`sim exhaustive: ${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

async function runWorld({ name, shape }: NamedWorld, bug: Bug): Promise<Total> {
  const found = await inMacrotask(() => explore(shape, bug));
  const { schedules, cut, depth } = found;
  const problem = problemOf(found, shape.fault.type === "none");
  console.log(
    `${problem === undefined ? "  " : "x "}${name}: ${schedules} schedules, ${cut} cut, ` +
      `depth ${depth}, ${found.states} states, ${found.ends.size} ends`,
  );
  if (problem !== undefined) console.log(`    ${problem}`);
  for (const line of found.red) console.log(`      ${line}`);
  const isGood = problem === undefined;
  return { passed: isGood ? 1 : 0, failed: isGood ? 0 : 1, schedules, cut, depth };
}

/** A world in which the fault never came about has proved nothing. */
function problemOf(found: Exploration, isFaultless: boolean): string | undefined {
  const [first] = found.violations;
  if (first !== undefined) return `invariant ${first.invariant}: ${first.text}`;
  if (!isFaultless && found.faulty === 0) return "the fault never came about";
  return found.schedules === 0 ? "no schedule came to its end" : undefined;
}

function add(total: Total, world: Total): Total {
  return {
    passed: total.passed + world.passed,
    failed: total.failed + world.failed,
    schedules: total.schedules + world.schedules,
    cut: total.cut + world.cut,
    depth: Math.max(total.depth, world.depth),
  };
}
