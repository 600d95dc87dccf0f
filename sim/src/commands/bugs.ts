/** Every planted bug must be found within the seeds that it states. */
import { bugNamed, bugs } from "../bugs/catalogue.ts";
import { hunt } from "../bugs/hunt.ts";

export async function runBugs(options: { readonly bug: string | undefined }): Promise<number> {
  const hunted = options.bug === undefined ? bugs : [bugNamed(options.bug)];
  let failed = 0;
  for (const bug of hunted) {
    const found = await hunt(bug);
    if (found === undefined) failed += 1;
    const how = found
      ? `seed ${found.seed}, invariant ${found.invariant}: ${found.text}`
      : "not found";
    console.log(`${bug.name} (within ${bug.withinSeeds}): ${how}`);
  }
  console.log(`sim bugs: ${hunted.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
