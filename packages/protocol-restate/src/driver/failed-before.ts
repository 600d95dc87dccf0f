/** How often an invocation failed, read off its journal. */
import type { RunEvent } from "@perdure/kernel";

/** Failed attempts since it began, or since a person resumed it: what the policy counts. */
export function failedBefore(events: readonly RunEvent[]): number {
  let count = 0;
  for (let at = events.length - 1; at >= 0; at--) {
    const kind = events[at]?.kind;
    if (kind === "run.resumed" || kind === "run.forked") break;
    if (kind === "activation.failed") count += 1;
  }
  return count;
}
