/** A schedule's nominal times: the union of its calendars, between its start and its end. */
import { limits } from "../../limits.ts";
import type { Calendar, ScheduleSpec } from "./spec.ts";

/** The first time strictly after `afterMs`, or undefined when there is none. */
export function nextTime(
  { when, startAt, endAt }: ScheduleSpec,
  calendar: Calendar,
  afterMs: number,
): number | undefined {
  const after = startAt === undefined ? afterMs : Math.max(afterMs, startAt - 1);
  let soonest = Infinity;
  for (const spec of when) soonest = Math.min(soonest, calendar.next(spec, after) ?? Infinity);
  return soonest === Infinity || soonest > (endAt ?? Infinity) ? undefined : soonest;
}

/** The times after `afterMs` up to and with `through`, at most `count` of them. */
export function timesUntil(
  spec: ScheduleSpec,
  calendar: Calendar,
  afterMs: number,
  through: number,
  count: number,
): number[] {
  const times: number[] = [];
  let time = nextTime(spec, calendar, afterMs);
  while (time !== undefined && time <= through && times.length < count) {
    times.push(time);
    time = nextTime(spec, calendar, time);
  }
  return times;
}

/** How many times were missed from `first` on: exact while they are few, then "at least". */
export function countMissed(
  spec: ScheduleSpec,
  calendar: Calendar,
  first: number,
  through: number,
): number {
  const most = limits.scheduleCatchUpPerWake - 1;
  return 1 + timesUntil(spec, calendar, first, through, most).length;
}
