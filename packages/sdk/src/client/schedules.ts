/** Schedules: runs that the calendar starts. */
import type { EngineClient, SchedulePage } from "@perdure/engine";
import {
  PerdureError,
  type CalendarSpec,
  type Explanation,
  type OverlapPolicy,
  type ScheduleSpec,
  type ScheduleView,
} from "@perdure/kernel";
import type { AnyWorkflow, CronOptions } from "../define/workflow.ts";
import { durationMs, momentMs } from "../duration.ts";
import { encodePayload } from "../payload.ts";
import { validate } from "../schema.ts";
import type { ScheduleOptions, ScheduleTimes } from "./options.ts";

export interface Schedules {
  /**
   * Creates the schedule or changes it.
   *
   * ```ts
   * await perdure.schedules.put("nightly", { workflow: report, cron: "0 3 * * *", timeZone: "Europe/Berlin" });
   * ```
   */
  put<W extends AnyWorkflow>(id: string, options: ScheduleOptions<W>): Promise<void>;
  pause(id: string, note?: string): Promise<void>;
  resume(id: string, note?: string): Promise<void>;
  /** Starts a run now. */
  trigger(id: string, options?: { readonly overlap?: OverlapPolicy }): Promise<void>;
  /** Starts the runs that were due in a time gone by. */
  backfill(
    id: string,
    range: {
      readonly from: Date | number;
      readonly to: Date | number;
      readonly overlap?: OverlapPolicy;
    },
  ): Promise<void>;
  describe(id: string): Promise<ScheduleView>;
  /** By id, a page at a time. */
  list(options?: { readonly limit?: number; readonly cursor?: string }): Promise<SchedulePage>;
  /** Why it starts nothing: who paused it, or what is in its way; and when it starts next. */
  why(id: string): Promise<Explanation>;
  delete(id: string): Promise<void>;
}

const MINUTE = 60_000;

export class EngineSchedules implements Schedules {
  readonly #engine: EngineClient;
  readonly #namespace: string;

  constructor(engine: EngineClient, namespace: string) {
    this.#engine = engine;
    this.#namespace = namespace;
  }

  async put<W extends AnyWorkflow>(id: string, options: ScheduleOptions<W>): Promise<void> {
    await this.#engine.putSchedule(scheduleSpec(this.#namespace, id, options));
  }

  async pause(id: string, note?: string): Promise<void> {
    await this.#engine.pauseSchedule(this.#namespace, id, note);
  }

  async resume(id: string, note?: string): Promise<void> {
    await this.#engine.resumeSchedule(this.#namespace, id, note);
  }

  async trigger(id: string, options: { readonly overlap?: OverlapPolicy } = {}): Promise<void> {
    await this.#engine.triggerSchedule(this.#namespace, id, options.overlap);
  }

  async backfill(
    id: string,
    range: { from: Date | number; to: Date | number; overlap?: OverlapPolicy },
  ): Promise<void> {
    const { from, to, overlap } = range;
    await this.#engine.backfillSchedule(this.#namespace, id, momentMs(from), momentMs(to), overlap);
  }

  async describe(id: string): Promise<ScheduleView> {
    return this.#engine.describeSchedule(this.#namespace, id);
  }

  async list(options?: { limit?: number; cursor?: string }): Promise<SchedulePage> {
    return this.#engine.listSchedules(this.#namespace, options);
  }

  async why(id: string): Promise<Explanation> {
    return this.#engine.whySchedule(this.#namespace, id);
  }

  async delete(id: string): Promise<void> {
    await this.#engine.deleteSchedule(this.#namespace, id);
  }
}

export function scheduleSpec<W extends AnyWorkflow>(
  namespace: string,
  id: string,
  options: ScheduleOptions<W>,
): ScheduleSpec {
  const { workflow, startAt, endAt, remaining, workflowId, attributes } = options;
  const { code } = workflow;
  const timeout = options.timeout ?? code.settings.timeout;
  const what = `the input of the schedule "${id}"`;
  const input: unknown = options.input;
  if (code.input) validate(code.input, input, what);
  return {
    namespace,
    id,
    when: calendars(id, options),
    policy: {
      overlap: options.overlap ?? "skip",
      catchUpMs: durationMs(options.catchUp ?? MINUTE),
      jitterMs: durationMs(options.jitter ?? 0),
      pauseOnFailure: options.pauseOnFailure ?? false,
    },
    workflow: workflow.name,
    queue: code.settings.queue ?? "default",
    input: encodePayload(input, what),
    ...(startAt === undefined ? {} : { startAt: momentMs(startAt) }),
    ...(endAt === undefined ? {} : { endAt: momentMs(endAt) }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(workflowId === undefined ? {} : { workflowId }),
    ...(timeout === undefined ? {} : { runTimeoutMs: durationMs(timeout) }),
    ...(attributes === undefined ? {} : { attributes }),
  };
}

function calendars(id: string, times: ScheduleTimes): readonly CalendarSpec[] {
  const timeZone = times.timeZone ?? "UTC";
  const specs: CalendarSpec[] = [];
  for (const cron of listOf(times.cron)) {
    const options: CronOptions = typeof cron === "string" ? { expression: cron } : cron;
    specs.push({ type: "cron", timeZone, ...options });
  }
  if (times.every !== undefined) {
    const offset = times.offset === undefined ? {} : { offsetMs: durationMs(times.offset) };
    specs.push({ type: "interval", everyMs: durationMs(times.every), ...offset });
  }
  for (const fields of listOf(times.calendar)) specs.push({ type: "calendar", fields, timeZone });
  if (specs.length > 0) return specs;
  throw new PerdureError(
    "invalid-argument",
    `the schedule "${id}" says nothing about when: give cron, every or calendar`,
  );
}

function listOf<T>(some: T | readonly T[] | undefined): readonly T[] {
  if (some === undefined) return [];
  return Array.isArray(some) ? (some as readonly T[]) : [some as T];
}
