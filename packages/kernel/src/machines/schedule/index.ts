/** The schedule machine: when runs start by themselves. Its invariants are in `state.ts`. */
import { unreachable } from "../../errors.ts";
import type { ScheduleMessage } from "../../messages.ts";
import type { Machine } from "../machine.ts";
import { backfill, trigger } from "./decide/ask.ts";
import { closed } from "./decide/closed.ts";
import { pause, put, remove, resume } from "./decide/define.ts";
import { wake } from "./decide/wake.ts";
import type { ScheduleEventBody } from "./events.ts";
import { evolve } from "./evolve.ts";
import type { Calendar } from "./spec.ts";
import type { ScheduleState, ScheduleTurn } from "./state.ts";
import { initial, wakeAt } from "./state.ts";

/** The calendar is handed in: cron and time zones need a database that the kernel has not. */
export function scheduleMachine(
  calendar: Calendar,
): Machine<ScheduleState, ScheduleMessage, ScheduleEventBody> {
  return {
    initial,
    decide: (turn, message) => decide(turn, calendar, message),
    evolve,
    wakeAt,
    isEmpty: ({ spec }) => spec === undefined,
  };
}

function decide(turn: ScheduleTurn, calendar: Calendar, message: ScheduleMessage): void {
  switch (message.type) {
    case "schedule.put":
      return put(turn, calendar, message);
    case "schedule.delete":
      return remove(turn, message);
    case "schedule.pause":
      return pause(turn, message);
    case "schedule.resume":
      return resume(turn, calendar, message);
    case "schedule.trigger":
      return trigger(turn, message);
    case "schedule.backfill":
      return backfill(turn, calendar, message);
    case "child.started":
      return;
    case "child.closed":
      return closed(turn, message);
    case "wake":
      return wake(turn, calendar);
    default:
      return unreachable(message);
  }
}

export type { ScheduleEventBody, SkipReason } from "./events.ts";
export type { ScheduleState } from "./state.ts";
export type { ScheduleStart, ScheduleView } from "./view.ts";
export { viewSchedule } from "./view.ts";
