import type { RunEventKind } from "../../events/run-events.ts";

const closing: ReadonlySet<RunEventKind> = new Set<RunEventKind>([
  "run.completed",
  "run.failed",
  "run.cancelled",
  "run.terminated",
  "run.timedOut",
  "run.continued",
]);

/** Does this event end a run? */
export function isClosing(kind: RunEventKind): boolean {
  return closing.has(kind);
}
