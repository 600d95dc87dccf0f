/** `npm run sim -- exhaustive`: every world, with its figures, and a verdict. */
import type { WorldAnswer } from "../jobs/pieces.ts";
import { jobsFor, share } from "../jobs/share.ts";
import { rateOf } from "../report/print.ts";
import { worldsOf, type NamedWorld } from "./worlds.ts";

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
  readonly jobs: number | undefined;
}): Promise<number> {
  const { isNight, bug } = options;
  const worlds = worldsOf(isNight);
  const begun = performance.now();
  let total = nothing;
  const cpuMs = await share({
    kind: "world",
    pieces: worlds.map((_, at) => ({ isNight, at, bug })),
    jobs: jobsFor(worlds.length, options.jobs),
    onAnswer: (found, { at }) => {
      const world = worlds[at];
      if (world !== undefined) total = add(total, told(world, found));
    },
  });
  const seconds = (performance.now() - begun) / 1_000;
  const { passed, failed, schedules, cut, depth } = total;
  console.log(
    `\n${schedules} schedules of up to ${depth} events run to their end, ${cut} cut as equivalent, ` +
      `in ${seconds.toFixed(1)} s (${rateOf(schedules + cut, seconds, cpuMs)})`,
  );
  console.log(`sim exhaustive: ${passed} passed, ${failed} failed`);
  return failed === 0 && passed === worlds.length ? 0 : 1;
}

function told({ name, shape }: NamedWorld, found: WorldAnswer): Total {
  const { schedules, cut, depth } = found;
  const problem = problemOf(found, shape.fault.type === "none");
  console.log(
    `${problem === undefined ? "  " : "x "}${name}: ${schedules} schedules, ${cut} cut, ` +
      `depth ${depth}, ${found.states} states, ${found.ends} ends`,
  );
  if (problem !== undefined) console.log(`    ${problem}`);
  for (const line of found.red) console.log(`      ${line}`);
  const isGood = problem === undefined;
  return { passed: isGood ? 1 : 0, failed: isGood ? 0 : 1, schedules, cut, depth };
}

/** A world in which the fault never came about has proved nothing. */
function problemOf(found: WorldAnswer, isFaultless: boolean): string | undefined {
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
