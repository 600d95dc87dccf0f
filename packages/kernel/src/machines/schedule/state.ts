/**
 * What a schedule adds up to.
 *
 * C1  A nominal time is taken once: started, buffered or skipped, and an event says which. Only a
 *     schedule that is deleted and put again may name it once more.
 * C2  The buffer is first in, first out, and drains while none of the schedule's runs is open.
 * C3  A paused schedule starts nothing but what a person asks for, and is not woken.
 * C4  What the calendar starts or buffers never exceeds `remaining`; what a person asks for does
 *     not count.
 * C5  One wake takes at most `limits.scheduleCatchUpPerWake` times; then it is due again.
 * C6  Nominal times are taken in order, even where jitter would swap two of them.
 */
import type { RunId } from "../../ids.ts";
import { hash } from "../../ids.ts";
import type { ScheduleMessage } from "../../messages.ts";
import type { SeenTurn } from "../seen.ts";
import type { ScheduleEventBody, SkipReason } from "./events.ts";
import type { OverlapPolicy, ScheduleSpec } from "./spec.ts";

/** A time that has come. */
export interface Due {
  /** The time the calendar named, before jitter; for a trigger, when it was asked for. */
  readonly nominalAt: number;
  readonly overlap: OverlapPolicy;
  /** Asked for by a person. */
  readonly manual?: boolean;
}

export interface StartedRun {
  readonly runId: RunId;
  readonly nominalAt: number;
  readonly startedAt: number;
  readonly manual?: boolean;
}

/** Nominal times skipped since the last start. */
export interface Skipping {
  readonly firstAt: number;
  readonly lastAt: number;
  readonly counts: Readonly<Partial<Record<SkipReason, number>>>;
}

export interface ScheduleState {
  seq: number;
  /** Absent: there is no such schedule. */
  spec?: ScheduleSpec;
  paused: boolean;
  /** Why it was paused or resumed. */
  note?: string;
  /** Since when it is paused, and who asked for it. */
  pausedAt?: number;
  pausedBy?: string;
  skipping?: Skipping;
  /** The next nominal time to be taken. */
  next?: number;
  /** All nominal times up to here have been taken, whatever the clock says now (C1). */
  through?: number;
  /** Starts left to the calendar; absent: without end. */
  remaining?: number;
  readonly buffer: Due[];
  /** Open runs by id. */
  readonly running: Map<RunId, StartedRun>;
  /** The last `limits.scheduleRecentStarts`, oldest first. */
  readonly recent: StartedRun[];
  starts: number;
  readonly skips: Record<SkipReason, number>;
}

export type ScheduleTurn = SeenTurn<ScheduleState, ScheduleEventBody>;
export type ScheduleMessageOf<T extends ScheduleMessage["type"]> = Extract<
  ScheduleMessage,
  { type: T }
>;

export function initial(): ScheduleState {
  return {
    seq: 0,
    paused: false,
    buffer: [],
    running: new Map(),
    recent: [],
    starts: 0,
    skips: { overlap: 0, buffered: 0, "catch-up": 0, paused: 0 },
  };
}

/** From when on the calendar is asked anew: a clock that went back names no time again (C1). */
export function askFrom({ through = -Infinity }: ScheduleTurn["state"], now: number): number {
  return Math.max(now, through);
}

export function wakeAt(state: ScheduleTurn["state"]): number | undefined {
  const { spec, paused, next } = state;
  if (spec === undefined || paused || next === undefined || startsLeft(state) <= 0) {
    return undefined;
  }
  return next + jitterMs(spec, next);
}

/** C4: what is in the buffer has its start already. */
export function startsLeft({ remaining, buffer }: ScheduleTurn["state"]): number {
  if (remaining === undefined) return Infinity;
  return remaining - buffer.filter(({ manual }) => manual !== true).length;
}

/** A function of the schedule and the time, so that deciding again moves the start as before. */
export function jitterMs({ namespace, id, policy }: ScheduleSpec, nominalAt: number): number {
  if (policy.jitterMs <= 0) return 0;
  return hash(`${namespace}/${id}/${nominalAt}`, 0) % (Math.floor(policy.jitterMs) + 1);
}
