/** Every planted bug must be found within the seeds that it states. */
import { bugNamed, bugs } from "../bugs/catalogue.ts";
import type { Found } from "../bugs/hunt.ts";
import { jobsFor, share } from "../jobs/share.ts";

export async function runBugs(options: {
  readonly bug: string | undefined;
  readonly jobs: number | undefined;
}): Promise<number> {
  const hunted = options.bug === undefined ? bugs : [bugNamed(options.bug)];
  let found = 0;
  await share({
    kind: "hunt",
    pieces: hunted.map(({ name }) => name),
    jobs: jobsFor(hunted.length, options.jobs),
    onAnswer: (trophy, name) => {
      if (trophy !== undefined) found += 1;
      console.log(`${name} (within ${bugNamed(name).withinSeeds}): ${words(trophy)}`);
    },
  });
  const lost = hunted.length - found;
  console.log(`sim bugs: ${found} passed, ${lost} failed`);
  return lost === 0 ? 0 : 1;
}

function words(found: Found | undefined): string {
  if (found === undefined) return "not found";
  return `seed ${found.seed}, invariant ${found.invariant}: ${found.text}`;
}
