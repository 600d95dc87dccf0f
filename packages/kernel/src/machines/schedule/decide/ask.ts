/** `schedule.trigger` and `schedule.backfill`: starts that a person asks for, paused or not. */
import { limits } from "../../../limits.ts";
import { replyError, replyOk } from "../../reply.ts";
import { isoTime } from "../iso-time.ts";
import type { Calendar } from "../spec.ts";
import type { ScheduleMessageOf, ScheduleTurn } from "../state.ts";
import { timesUntil } from "../times.ts";
import { existing } from "./define.ts";
import { take } from "./take.ts";

export function trigger(turn: ScheduleTurn, message: ScheduleMessageOf<"schedule.trigger">): void {
  const spec = existing(turn, message);
  if (spec === undefined) return;
  const overlap = message.overlap ?? spec.policy.overlap;
  const taken = take(turn, spec, { nominalAt: turn.at, overlap, manual: true });
  if (taken !== "skipped") return replyOk(turn, message);
  const [open] = turn.state.running.keys();
  const text =
    `Not started: run ${open} of this schedule is open and the overlap policy is ` +
    `"${overlap}". Wait for its end, or trigger with overlap "allowAll" or "bufferAll".`;
  replyError(turn, message, "conflict", text);
}

/** Makes up for all times from `from` through `to`, in their order. */
export function backfill(
  turn: ScheduleTurn,
  calendar: Calendar,
  message: ScheduleMessageOf<"schedule.backfill">,
): void {
  const spec = existing(turn, message);
  if (spec === undefined) return;
  const { from, to } = message;
  const most = limits.scheduleBackfill;
  const times = timesUntil(spec, calendar, from - 1, to, most + 1);
  if (times.length === 0) {
    const text = `The schedule names no time from ${from} to ${to} (ms since epoch).`;
    return replyError(turn, message, "invalid-argument", text);
  }
  if (times.length > most) {
    const text =
      `A backfill makes up for at most ${most} times: ask for the rest, from ` +
      `${isoTime(times[most] ?? to)} on, in another one.`;
    return replyError(turn, message, "limit-exceeded", text);
  }
  const overlap = message.overlap ?? spec.policy.overlap;
  for (const nominalAt of times) take(turn, spec, { nominalAt, overlap, manual: true });
  replyOk(turn, message);
}
