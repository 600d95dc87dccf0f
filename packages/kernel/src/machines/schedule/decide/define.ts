/** `schedule.put`, `schedule.delete`, `schedule.pause`, `schedule.resume`. */
import { limits } from "../../../limits.ts";
import { replyError, replyOk } from "../../reply.ts";
import type { Calendar, ScheduleSpec } from "../spec.ts";
import type { ScheduleMessageOf, ScheduleTurn } from "../state.ts";
import { askFrom, startsLeft } from "../state.ts";
import { countMissed, nextTime } from "../times.ts";
import { startBuffered } from "./take.ts";

/** A spec takes effect from now on: what is past is a matter of `schedule.backfill`. */
export function put(
  turn: ScheduleTurn,
  calendar: Calendar,
  message: ScheduleMessageOf<"schedule.put">,
): void {
  const { spec } = message;
  if (spec.when.length > limits.scheduleSpecs) {
    const text = `A schedule has at most ${limits.scheduleSpecs} calendars: make two of it.`;
    return replyError(turn, message, "limit-exceeded", text);
  }
  for (const when of spec.when) {
    const problem = calendar.problem(when);
    if (problem !== undefined) return replyError(turn, message, "invalid-argument", problem);
  }
  const next = nextTime(spec, calendar, askFrom(turn.state, turn.at));
  turn.emit({ kind: "schedule.put", spec, ...nextField(next) });
  dropExcess(turn);
  replyOk(turn, message);
}

/** The new spec may leave fewer starts than wait in the buffer: the newest give way (C4). */
function dropExcess(turn: ScheduleTurn): void {
  const excess = -startsLeft(turn.state);
  if (excess <= 0) return;
  const waiting = turn.state.buffer.filter(({ manual }) => manual !== true).slice(-excess);
  for (const { nominalAt } of waiting) {
    turn.emit({ kind: "schedule.skipped", nominalAt, reason: "buffered", buffered: true });
  }
}

/** Its open runs go on. */
export function remove(turn: ScheduleTurn, message: ScheduleMessageOf<"schedule.delete">): void {
  if (existing(turn, message) === undefined) return;
  turn.emit({ kind: "schedule.deleted" });
  replyOk(turn, message);
}

export function pause(turn: ScheduleTurn, message: ScheduleMessageOf<"schedule.pause">): void {
  if (existing(turn, message) === undefined) return;
  const by = message.by === undefined ? {} : { by: message.by };
  turn.emit({ kind: "schedule.paused", ...noteField(message.note), ...by });
  replyOk(turn, message);
}

/** The times that came meanwhile are skipped; what waited in the buffer may start. */
export function resume(
  turn: ScheduleTurn,
  calendar: Calendar,
  message: ScheduleMessageOf<"schedule.resume">,
): void {
  const { state, at } = turn;
  const spec = existing(turn, message);
  if (spec === undefined) return;
  if (state.paused) {
    if (state.next !== undefined && state.next <= at) {
      const count = countMissed(spec, calendar, state.next, at);
      turn.emit({ kind: "schedule.skipped", nominalAt: state.next, reason: "paused", count });
    }
    const next = nextField(nextTime(spec, calendar, askFrom(state, at)));
    turn.emit({ kind: "schedule.resumed", ...noteField(message.note), ...next });
    startBuffered(turn);
  }
  replyOk(turn, message);
}

/** The schedule, or an answer that there is none. */
export function existing(
  turn: ScheduleTurn,
  message: Parameters<typeof replyOk>[1],
): ScheduleSpec | undefined {
  const { spec } = turn.state;
  if (spec === undefined) {
    const text = "There is no such schedule: look for its id in the list, or put it first.";
    replyError(turn, message, "not-found", text);
  }
  return spec;
}

export function nextField(next: number | undefined): { readonly next?: number } {
  return next === undefined ? {} : { next };
}

function noteField(note: string | undefined): { readonly note?: string } {
  return note === undefined ? {} : { note };
}
