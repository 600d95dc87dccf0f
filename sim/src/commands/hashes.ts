/** The trace hash of each seed, for comparison between processes. */
import { simulate } from "../simulation.ts";
import { inMacrotask } from "../world/drain.ts";

export async function printHashes(options: {
  readonly first: number;
  readonly seeds: number;
}): Promise<number> {
  for (let seed = options.first; seed < options.first + options.seeds; seed++) {
    const { hash } = await inMacrotask(() => simulate({ seed }));
    console.log(`${seed} ${hash}`);
  }
  return 0;
}
