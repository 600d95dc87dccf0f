/** What callers may say when they start, find and change runs. */
import type {
  CalendarFields,
  ConflictPolicy,
  JsonObject,
  OverlapPolicy,
  ReusePolicy,
  RunId,
  RunStatus,
} from "@perdure/kernel";
import type { AnyWorkflow, CronOptions, InputOf } from "../define/workflow.ts";
import type { Duration } from "../duration.ts";

/** `input` may be left out where the workflow takes none. */
export type InputField<In> = undefined extends In
  ? { readonly input?: In }
  : { readonly input: In };

export interface StartSettings {
  /** The business key: at most one open run has it. Without one the run has its run id only. */
  readonly id?: string;
  /** A repeated start with the same request id returns the first one's run. */
  readonly requestId?: string;
  /** When a run with that id is open; default: `useExisting`. */
  readonly conflict?: ConflictPolicy;
  /** When a run with that id has closed; default: `allow`. */
  readonly reuse?: ReusePolicy;
  /** The code begins after it. */
  readonly delay?: Duration;
  /** From start to close; default: the definition's. */
  readonly timeout?: Duration;
  readonly attributes?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
  readonly priority?: number;
  /** Delivered to the run that results, new or existing. */
  readonly signal?: { readonly name: string; readonly payload?: unknown };
}

export type StartOptions<In> = StartSettings & InputField<In>;

/** A run, or the current run under a business key. */
export type Target = { readonly runId: RunId | string } | { readonly id: string };

/** A run, or what lives under a business key: a workflow id, or an object's key. */
export type WhyTarget = Target | { readonly object: string; readonly key: string };

export interface ListOptions {
  readonly status?: readonly RunStatus[];
  readonly workflow?: string | { readonly name: string };
  readonly id?: string;
  readonly parent?: RunId;
  /** Equality on search attributes. */
  readonly attributes?: JsonObject;
  readonly startedAfter?: Date | number;
  readonly startedBefore?: Date | number;
  /** Rows of a page, at most 1,000; default: 100. */
  readonly limit?: number;
  /** From the page before. */
  readonly cursor?: string;
}

export interface ForkOptions {
  /** The last event of the journal that the fork keeps. */
  readonly at: number;
  /** Results in place of recorded ones, by the operation's key. */
  readonly set?: Readonly<Record<string, unknown>>;
  /** The business key of the fork; default: none. */
  readonly id?: string;
}

export interface PublishOptions {
  /** A second event with the same id is dropped. */
  readonly id?: string;
  /** The part that matches read; default: the payload. */
  readonly data?: JsonObject;
}

/** When a schedule starts runs: any of the times that one of them names. */
export interface ScheduleTimes {
  readonly cron?: string | CronOptions | readonly (string | CronOptions)[];
  readonly every?: Duration;
  /** Moves the times of `every` away from multiples of it. */
  readonly offset?: Duration;
  readonly calendar?: CalendarFields | readonly CalendarFields[];
  /** IANA name, for `cron` and `calendar`; default: UTC. */
  readonly timeZone?: string;
}

export interface ScheduleSettings extends ScheduleTimes {
  readonly startAt?: Date | number;
  readonly endAt?: Date | number;
  /** Stops after this many starts. */
  readonly remaining?: number;
  /** When the run before is still open; default: `skip`. */
  readonly overlap?: OverlapPolicy;
  /** Runs missed while nothing was up are made up for within it; default: a minute. */
  readonly catchUp?: Duration;
  /** Each start is moved by a part of it. */
  readonly jitter?: Duration;
  readonly pauseOnFailure?: boolean;
  /** Runs start under `<workflowId>-<ISO time>`; default: the schedule's id. */
  readonly workflowId?: string;
  readonly timeout?: Duration;
  readonly attributes?: JsonObject;
}

export type ScheduleOptions<W extends AnyWorkflow> = ScheduleSettings & {
  readonly workflow: W;
} & InputField<InputOf<W>>;
