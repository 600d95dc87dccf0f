/** Bodies of events, triggers and schedules. */
import {
  limits,
  type CalendarSpec,
  type JsonObject,
  type OverlapPolicy,
  type Payload,
  type ScheduleSpec,
  type Trigger,
} from "@perdure/kernel";
import * as z from "zod";
import { count, id, jsonObject, ms, name, payload, remark } from "./basics.ts";

export const publishBody: z.ZodType<{
  readonly event: string;
  readonly id?: string;
  readonly payload: Payload;
  readonly data?: JsonObject;
}> = z.strictObject({
  event: name,
  id: id.exactOptional(),
  payload,
  data: jsonObject.exactOptional(),
});

export const triggerBody: z.ZodType<{ readonly event: string; readonly trigger: Trigger }> =
  z.strictObject({
    event: name,
    trigger: z.strictObject({
      id: name,
      match: jsonObject.exactOptional(),
      workflow: name,
      queue: name,
    }),
  });

export const triggerQuery: z.ZodType<{ readonly event: string; readonly id: string }> =
  z.strictObject({ event: name, id: name });

const numbers = z.array(z.int()).max(limits.scheduleSpecs);

const calendar: z.ZodType<CalendarSpec> = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("cron"), expression: name, timeZone: name }),
  z.strictObject({
    type: z.literal("interval"),
    everyMs: ms,
    offsetMs: ms.exactOptional(),
  }),
  z.strictObject({
    type: z.literal("calendar"),
    timeZone: name,
    fields: z.strictObject({
      second: numbers.exactOptional(),
      minute: numbers.exactOptional(),
      hour: numbers.exactOptional(),
      dayOfMonth: numbers.exactOptional(),
      month: numbers.exactOptional(),
      dayOfWeek: numbers.exactOptional(),
      year: numbers.exactOptional(),
    }),
  }),
]);

const overlap: z.ZodType<OverlapPolicy> = z.enum([
  "skip",
  "bufferOne",
  "bufferAll",
  "cancelOther",
  "terminateOther",
  "allowAll",
]);

export const scheduleBody: z.ZodType<Omit<ScheduleSpec, "namespace">> = z
  .strictObject({
    id,
    when: z.array(calendar).min(1).max(limits.scheduleSpecs),
    startAt: ms.exactOptional(),
    endAt: ms.exactOptional(),
    remaining: z.int().min(0).exactOptional(),
    policy: z.strictObject({
      overlap,
      catchUpMs: ms,
      jitterMs: ms,
      pauseOnFailure: z.boolean(),
    }),
    workflow: name,
    queue: name,
    input: payload,
    workflowId: id.exactOptional(),
    runTimeoutMs: ms.exactOptional(),
    attributes: jsonObject.exactOptional(),
  })
  .meta({ id: "ScheduleSpecInput" });

export const idQuery: z.ZodType<{ readonly id: string }> = z.strictObject({ id });

const PAGE_ROWS = 100;

export const pageQuery: z.ZodType<{ readonly limit: number; readonly cursor?: string }> =
  z.strictObject({ limit: count(limits.pageRows).default(PAGE_ROWS), cursor: id.exactOptional() });

export const noteBody: z.ZodType<{ readonly id: string; readonly note?: string }> = z.strictObject({
  id,
  note: remark.exactOptional(),
});

export const triggerNow: z.ZodType<{ readonly id: string; readonly overlap?: OverlapPolicy }> =
  z.strictObject({ id, overlap: overlap.exactOptional() });

export const backfillBody: z.ZodType<{
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly overlap?: OverlapPolicy;
}> = z.strictObject({ id, from: ms, to: ms, overlap: overlap.exactOptional() });

const view = z
  .looseObject({
    spec: z.looseObject({ namespace: name, id, workflow: name, queue: name }),
    paused: z.boolean(),
    next: z.array(ms),
    starts: z.int(),
  })
  .meta({ id: "ScheduleView" });

export const scheduleView: z.ZodType = view;
export const schedulePage: z.ZodType = z.strictObject({
  schedules: z.array(view),
  cursor: z.string().exactOptional(),
});
