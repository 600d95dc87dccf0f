/** How long a suite will take, by what a quiet machine of two cores took for each part. */
import { isFor, type Part } from "./plan.ts";
import type { Workload } from "./workload.ts";

/** Processes, servers and an empty database: a second for Perdure, more for those with servers. */
const startSeconds = 2.5;
/** Warming up, reading figures, and awaiting what was begun. */
const aroundSeconds = 1;

export function plannedSeconds(parts: readonly Part[], contenders: readonly string[]): number {
  return contenders.reduce((sum, name) => {
    const own = parts.filter((part) => isFor(part, name));
    const rounds = Math.max(0, ...own.map((part) => part.rounds));
    const start = startSeconds + Math.max(0, ...own.map((part) => part.warmUpSeconds ?? 0));
    const measured = own.map(
      (part) => part.rounds * (aroundSeconds + secondsOf(part.workload, part.seconds)),
    );
    return sum + rounds * start + measured.reduce((all, one) => all + one, 0);
  }, 0);
}

function secondsOf(workload: Workload, seconds: number): number {
  switch (workload.kind) {
    case "jobs":
      return workload.jobs / 14_000;
    case "growth":
      // And two engines are opened, and rest until what they hold is cold.
      return workload.sleeping / 18_000 + 2 * seconds + 2;
    case "long-run":
      return workload.steps / 3_300;
    default:
      return seconds;
  }
}
