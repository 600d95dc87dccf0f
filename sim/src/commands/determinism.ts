/** Each seed twice: the same turns, or the simulator itself is broken. */
import { simulate } from "../simulation.ts";
import { inMacrotask } from "../world/drain.ts";

export async function checkDeterminism(options: {
  readonly first: number;
  readonly seeds: number;
}): Promise<number> {
  let failed = 0;
  for (let seed = options.first; seed < options.first + options.seeds; seed++) {
    const first = await inMacrotask(() => simulate({ seed }));
    const second = await inMacrotask(() => simulate({ seed }));
    if (first.hash === second.hash) continue;
    failed += 1;
    console.log(`seed ${seed} took two ways: ${first.hash} and ${second.hash}`);
  }
  console.log(`sim determinism: ${options.seeds - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
