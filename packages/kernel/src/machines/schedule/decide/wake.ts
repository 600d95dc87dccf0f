/** `wake`: the calendar's times that have come, and those that are too long ago. */
import { limits } from "../../../limits.ts";
import type { Calendar, ScheduleSpec } from "../spec.ts";
import type { ScheduleTurn } from "../state.ts";
import { wakeAt } from "../state.ts";
import { countMissed, nextTime } from "../times.ts";
import { nextField } from "./define.ts";
import { take } from "./take.ts";

export function wake(turn: ScheduleTurn, calendar: Calendar): void {
  const { spec } = turn.state;
  if (spec === undefined) return;
  skipMissed(turn, calendar, spec);
  for (let taken = 0; taken < limits.scheduleCatchUpPerWake; taken++) {
    if (!takeNext(turn, calendar, spec)) return;
  }
}

function takeNext(turn: ScheduleTurn, calendar: Calendar, spec: ScheduleSpec): boolean {
  const { next } = turn.state;
  const dueAt = wakeAt(turn.state);
  if (next === undefined || dueAt === undefined || dueAt > turn.at) return false;
  const following = nextField(nextTime(spec, calendar, next));
  turn.emit({ kind: "schedule.advanced", through: next, ...following });
  take(turn, spec, { nominalAt: next, overlap: spec.policy.overlap });
  return true;
}

/**
 * One step over all times before the catch-up window, however many: a schedule of seconds that
 * slept for a month has two and a half million. Jitter may have held a time back for so long that
 * it is not missed yet, so the window is longer by that much.
 */
function skipMissed(turn: ScheduleTurn, calendar: Calendar, spec: ScheduleSpec): void {
  const { next } = turn.state;
  const { catchUpMs, jitterMs } = spec.policy;
  const window = Math.max(catchUpMs, limits.scheduleGraceMs) + Math.max(jitterMs, 0);
  const oldest = turn.at - window;
  if (next === undefined || next >= oldest || wakeAt(turn.state) === undefined) return;
  const through = oldest - 1;
  const count = countMissed(spec, calendar, next, through);
  turn.emit({ kind: "schedule.skipped", nominalAt: next, reason: "catch-up", count });
  turn.emit({
    kind: "schedule.advanced",
    through,
    ...nextField(nextTime(spec, calendar, through)),
  });
}
