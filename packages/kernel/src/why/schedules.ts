/** Why a schedule starts nothing. */
import { isoTime } from "../machines/schedule/iso-time.ts";
import type { SkipReason } from "../machines/schedule/events.ts";
import type { Skipping } from "../machines/schedule/state.ts";
import type { ScheduleView } from "../machines/schedule/view.ts";
import { duration } from "./duration.ts";
import type { Cure, Explanation, Waiting } from "./explanation.ts";
import { follow, rootOf, chainOf } from "./run.ts";
import { cure } from "./shell.ts";
import { withStore } from "./store.ts";
import type { Telling } from "./telling.ts";

export function explainScheduleView(view: ScheduleView, telling: Telling): Explanation {
  const { spec, paused, next } = view;
  const waiting = waitingOf(view, telling);
  const status = paused ? "paused" : next.length > 0 ? "active" : "finished";
  return {
    subject: { type: "schedule", id: spec.id },
    namespace: spec.namespace,
    status,
    summary: summary(view, waiting, telling.now),
    waiting,
    cures: waiting[0]?.cures ?? [],
  };
}

function waitingOf(view: ScheduleView, telling: Telling): Waiting[] {
  const waiting: Waiting[] = [];
  if (view.paused) waiting.push(pausedBy(view, telling.now));
  if (view.skipping) waiting.push(skipped(view, view.skipping, telling));
  else if (view.buffered.length > 0) waiting.push(buffered(view, telling));
  const [next] = view.next;
  if (next !== undefined && !view.paused) waiting.push(nextTime(view, next, telling.now));
  return withStore(waiting, telling);
}

function pausedBy({ spec, note, pausedAt, pausedBy: by }: ScheduleView, now: number): Waiting {
  return {
    on: "person",
    text: `is paused${by === undefined ? "" : ` by ${by}`}${note === undefined ? "" : `: ${note}`}`,
    since: pausedAt ?? now,
    ...(by === undefined ? {} : { by }),
    cures: [
      cure("lets it start runs again", "schedules resume", spec.id),
      cure("starts one run now, paused or not", "schedules trigger", spec.id),
    ],
  };
}

const reasons: Readonly<Record<SkipReason, string>> = {
  overlap: "the run before was still open (overlap policy)",
  buffered: "others waited already",
  "catch-up": "they were too long ago when the engine came back (catch-up window)",
  paused: "it was paused",
};

function skipped(view: ScheduleView, skipping: Skipping, telling: Telling): Waiting {
  const counts = Object.entries(skipping.counts) as [SkipReason, number][];
  const count = counts.reduce((sum, [, one]) => sum + one, 0);
  const because = counts.map(([reason]) => reasons[reason]).join("; ");
  const text = `has skipped ${count} start${count === 1 ? "" : "s"} since ${isoTime(skipping.firstAt)}, for ${because}`;
  const cures = curesOf(view, counts[0]?.[0] ?? "overlap");
  const base: Waiting = { on: "timer", text, since: skipping.firstAt, cures };
  return openRunOf(base, view, telling);
}

function buffered(view: ScheduleView, telling: Telling): Waiting {
  const count = view.buffered.length;
  const text = `has ${count} start${count === 1 ? "" : "s"} waiting for the end of the run before`;
  const since = view.buffered[0] ?? telling.now;
  return openRunOf({ on: "timer", text, since, cures: [] }, view, telling);
}

/** Follows the run that is in the way. */
function openRunOf(waiting: Waiting, { running }: ScheduleView, telling: Telling): Waiting {
  const [open] = running;
  if (open === undefined) return waiting;
  const next = follow(open.runId, telling);
  return {
    ...waiting,
    on: "child",
    text: `${waiting.text}: the run ${open.runId}, started ${duration(telling.now - open.startedAt)} ago`,
    holder: open.runId,
    ...(next === undefined ? {} : { next }),
    cures: [...(next?.cures ?? []), ...waiting.cures],
  };
}

function curesOf({ spec }: ScheduleView, reason: SkipReason): readonly Cure[] {
  const describe = cure("shows its times and its last runs", "schedules describe", spec.id);
  switch (reason) {
    case "overlap":
    case "buffered":
      return [
        cure(
          `or put the schedule with another overlap policy than "${spec.policy.overlap}": bufferOne, cancelOther, allowAll`,
        ),
        describe,
      ];
    case "catch-up":
      return [
        cure("makes up for one now", "schedules trigger", spec.id),
        cure("put the schedule with a longer catch-up window, if late is better than never"),
        describe,
      ];
    case "paused":
      return [cure("makes up for one now", "schedules trigger", spec.id), describe];
  }
}

function nextTime({ spec }: ScheduleView, next: number, now: number): Waiting {
  return {
    on: "timer",
    text: `starts ${spec.workflow} next at ${isoTime(next)}, in ${duration(next - now)}`,
    since: now,
    until: next,
    cures: [cure("starts one run now", "schedules trigger", spec.id)],
  };
}

function summary(view: ScheduleView, waiting: readonly Waiting[], now: number): string {
  const [first] = waiting;
  if (first === undefined) {
    return view.remaining === 0
      ? "has started all the runs that it was to start"
      : "names no further time: it has come to its end";
  }
  if (first.on === "timer" && first.until !== undefined) return first.text;
  return `${chainOf(first)}, since ${duration(now - rootOf(first).since)}`;
}
