/** How an invocation failed, in a line: with who ended it, and what was wrong before they did. */
import type { RunEvent } from "@perdure/kernel";
import { restateFailureOf } from "../../../projection/failures.ts";
import { attemptsOf } from "./attempts.ts";

export function endedBy(events: readonly RunEvent[]): string | undefined {
  const last = events.findLast(({ kind }) => ENDS.has(kind));
  if (last === undefined || !("failure" in last) || last.failure === undefined) return undefined;
  const { code, message } = restateFailureOf(last.failure);
  const said = `[${code}] ${message}`;
  if (last.kind !== "run.terminated") return said;
  const by = last.by === undefined ? "" : ` by ${last.by}`;
  const { failure } = attemptsOf(events);
  const before = failure === undefined ? "" : `; before that: ${failure.message}`;
  return `${said}${by}${before}`;
}

const ENDS: ReadonlySet<string> = new Set([
  "run.failed",
  "run.cancelled",
  "run.terminated",
  "run.timedOut",
]);
