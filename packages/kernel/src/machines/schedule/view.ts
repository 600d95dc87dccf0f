/** What a person sees of a schedule. */
import type { RunId } from "../../ids.ts";
import { limits } from "../../limits.ts";
import type { SkipReason } from "./events.ts";
import type { Calendar, ScheduleSpec } from "./spec.ts";
import type { ScheduleTurn, Skipping } from "./state.ts";
import { startsLeft } from "./state.ts";
import { nextTime, timesUntil } from "./times.ts";

export interface ScheduleStart {
  readonly runId: RunId;
  /** The time the calendar named; for a trigger, when it was asked for. */
  readonly nominalAt: number;
  readonly startedAt: number;
  /** Asked for by a person. */
  readonly manual?: boolean;
}

/** Times in ms since epoch. */
export interface ScheduleView {
  readonly spec: ScheduleSpec;
  readonly paused: boolean;
  readonly note?: string;
  readonly pausedAt?: number;
  readonly pausedBy?: string;
  /** The times skipped since the last start. */
  readonly skipping?: Skipping;
  /** The next nominal times; when paused, those that a resume now would bring. */
  readonly next: readonly number[];
  /** Newest last. */
  readonly recent: readonly ScheduleStart[];
  readonly running: readonly ScheduleStart[];
  /** Nominal times that wait for an open run to close. */
  readonly buffered: readonly number[];
  /** Starts left to the calendar; absent: without end. */
  readonly remaining?: number;
  readonly starts: number;
  readonly skips: Readonly<Record<SkipReason, number>>;
}

/** Undefined: there is no such schedule. */
export function viewSchedule(
  state: ScheduleTurn["state"],
  calendar: Calendar,
  atMs: number,
): ScheduleView | undefined {
  const { spec, paused, note, pausedAt, pausedBy, skipping, remaining } = state;
  if (spec === undefined) return undefined;
  return {
    spec,
    paused,
    ...(note === undefined ? {} : { note }),
    ...(pausedAt === undefined ? {} : { pausedAt }),
    ...(pausedBy === undefined ? {} : { pausedBy }),
    ...(skipping === undefined ? {} : { skipping }),
    next: nextTimes(state, spec, calendar, atMs),
    recent: [...state.recent],
    running: [...state.running.values()],
    buffered: state.buffer.map(({ nominalAt }) => nominalAt),
    ...(remaining === undefined ? {} : { remaining }),
    starts: state.starts,
    skips: { ...state.skips },
  };
}

function nextTimes(
  state: ScheduleTurn["state"],
  spec: ScheduleSpec,
  calendar: Calendar,
  atMs: number,
): number[] {
  const count = Math.min(limits.scheduleNextTimes, startsLeft(state));
  const first = state.paused ? nextTime(spec, calendar, atMs) : state.next;
  if (first === undefined || count <= 0) return [];
  return [first, ...timesUntil(spec, calendar, first, Infinity, count - 1)];
}
