import type { Outcome } from "../../events/run-events.ts";
import type { RunId } from "../../ids.ts";
import type { OverlapPolicy, ScheduleSpec } from "./spec.ts";

/** Why a due start did not happen. */
export type SkipReason = "overlap" | "buffered" | "catch-up" | "paused";

/** The past of a schedule. `nominalAt` is the time the calendar named, before jitter. */
export type ScheduleEventBody =
  | { readonly kind: "schedule.put"; readonly spec: ScheduleSpec; readonly next?: number }
  | { readonly kind: "schedule.deleted" }
  | { readonly kind: "schedule.paused"; readonly note?: string; readonly by?: string }
  | { readonly kind: "schedule.resumed"; readonly note?: string; readonly next?: number }
  /** The calendar was consulted up to `through`; the next due time follows. */
  | { readonly kind: "schedule.advanced"; readonly through: number; readonly next?: number }
  | {
      readonly kind: "schedule.buffered";
      readonly nominalAt: number;
      readonly overlap: OverlapPolicy;
      /** Asked for by a person: it starts though the schedule is paused. */
      readonly manual?: boolean;
    }
  | {
      readonly kind: "schedule.started";
      readonly nominalAt: number;
      readonly runId: RunId;
      /** It came from the buffer. */
      readonly buffered?: boolean;
      readonly manual?: boolean;
    }
  | {
      readonly kind: "schedule.skipped";
      readonly nominalAt: number;
      readonly reason: SkipReason;
      /** So many times from `nominalAt` on; stops counting at `limits.scheduleCatchUpPerWake`. */
      readonly count?: number;
      /** It was in the buffer, and is no longer. */
      readonly buffered?: boolean;
    }
  | { readonly kind: "schedule.closed"; readonly runId: RunId; readonly status: Outcome["status"] };
