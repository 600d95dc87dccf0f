/** When and how a schedule starts runs. Times in ms since epoch, durations in ms. */
import type { JsonObject, Payload } from "../../payload.ts";

/** Each field lists the values that match; absent matches all (second and minute: 0). */
export interface CalendarFields {
  readonly second?: readonly number[];
  readonly minute?: readonly number[];
  readonly hour?: readonly number[];
  readonly dayOfMonth?: readonly number[];
  /** 1 to 12. */
  readonly month?: readonly number[];
  /** 0 is Sunday. */
  readonly dayOfWeek?: readonly number[];
  readonly year?: readonly number[];
}

export type CalendarSpec =
  /** Five or six fields, or a nickname such as `@daily`. */
  | { readonly type: "cron"; readonly expression: string; readonly timeZone: string }
  | { readonly type: "interval"; readonly everyMs: number; readonly offsetMs?: number }
  | { readonly type: "calendar"; readonly fields: CalendarFields; readonly timeZone: string };

/** What to do when a run is due and the one before is still open. */
export type OverlapPolicy =
  | "skip"
  | "bufferOne"
  | "bufferAll"
  | "cancelOther"
  | "terminateOther"
  | "allowAll";

export interface SchedulePolicy {
  readonly overlap: OverlapPolicy;
  /** Runs missed while the engine was down are made up for when they are not older than this. */
  readonly catchUpMs: number;
  /** Each start is moved by a fixed pseudo-random part of this. */
  readonly jitterMs: number;
  readonly pauseOnFailure: boolean;
}

export interface ScheduleSpec {
  readonly namespace: string;
  readonly id: string;
  /** A time that any of them names is due. */
  readonly when: readonly CalendarSpec[];
  readonly startAt?: number;
  readonly endAt?: number;
  /** Stops after this many starts. */
  readonly remaining?: number;
  readonly policy: SchedulePolicy;
  readonly workflow: string;
  readonly queue: string;
  readonly input: Payload;
  /** Runs start under `<id>-<ISO time>`; default: the schedule's id. */
  readonly workflowId?: string;
  readonly runTimeoutMs?: number;
  readonly attributes?: JsonObject;
}

/**
 * Answers `first time strictly after`, for the calendars a kernel cannot know without a time-zone
 * database. Pure: the same question has the same answer.
 */
export interface Calendar {
  /** What is wrong with a spec, as a sentence that says what to write; undefined: nothing. */
  problem(spec: CalendarSpec): string | undefined;
  /** Undefined when there is no such time, or when the spec has a problem. Never throws. */
  next(spec: CalendarSpec, afterMs: number): number | undefined;
}
