/** What a journal says about steps that may have acted more often than they were recorded. */
import type { RunEvent } from "perdure";
import { NOT_DONE } from "./clients/not-done.ts";
import type { RunResult } from "./config.ts";

export function doubtsOf(journal: readonly RunEvent[]): Pick<RunResult, "maybeRan" | "doubtful"> {
  const maybeRan = new Set<string>();
  const doubtful = new Set<string>();
  for (const event of journal) {
    if (event.kind !== "step.completed" && event.kind !== "step.failed") continue;
    if (event.maybeRan) maybeRan.add(event.key);
    // An attempt that failed, and was not told that nothing was done, is as doubtful as a crash.
    const isUnknown = event.kind === "step.failed" && event.failure.code !== NOT_DONE;
    if (event.maybeRan || isUnknown) doubtful.add(event.name);
  }
  return { maybeRan: maybeRan.size, doubtful: [...doubtful] };
}
