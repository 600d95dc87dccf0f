/** What a run of many seeds must have seen: a fault that never fired has proved nothing. */
import { faultMarks } from "../faults/mix.ts";
import type { Marks } from "../world/marks.ts";

/** Fewer seeds may miss something rare by chance. */
const FLOOR_SEEDS = 1_000;

const seen: readonly string[] = [
  "store: memory",
  "store: sqlite",
  "seen: maybeRan",
  "seen: task maybeRan",
  "seen: a query answered",
  "seen: an effect twice, under one key",
  "commit: fenced",
  "commit: failed",
  "event: run.continued",
  "event: run.cancelled",
  "event: run.terminated",
  "event: run.timedOut",
  "event: run.forked",
  "event: run.resumed",
  "event: step.heartbeat",
  "event: step.abandoned",
  "event: step.cancelled",
  "event: timer.cancelled",
  "event: wait.timedOut",
  "event: wait.cancelled",
  "event: update.completed",
  "event: state.written",
  "event: call.closed",
  "event: key.queued",
  "event: topic.subscribed",
  "event: topic.triggered",
  "event: schedule.started",
  "event: schedule.skipped",
];

/** What was missed. */
export function missing(seeds: number, marks: Marks): readonly string[] {
  if (seeds < FLOOR_SEEDS) return [];
  return [...faultMarks, ...seen].filter((name) => marks.count(name) === 0);
}
