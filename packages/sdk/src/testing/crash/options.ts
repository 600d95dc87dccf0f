/** What a crash test is given. */
import type { ObjectDefinition } from "../../define/object.ts";
import type { AnyTask } from "../../define/task.ts";
import type { AnyWorkflow } from "../../define/workflow.ts";
import type { GuardMode } from "../../guard/off-guard.ts";
import type { StepFunction } from "../../runtime/world.ts";

/** A value, or what makes it of the services of one scenario. */
export type Made<T, S> = T | ((services: S) => T);

/** A wait that stands still, and for which the test may have an answer. */
export interface OpenWait {
  readonly workflow: string;
  readonly type: "signal" | "promise" | "event";
  /** Of the signal or the event; a promise's own name. */
  readonly name: string;
  /** How many of that name the run has waited for, from 1. */
  readonly nth: number;
}

/** By the name of the wait, or a function; `undefined` is no answer, and time passes. */
export type Answers = Readonly<Record<string, unknown>> | ((wait: OpenWait) => unknown);

export interface CrashProgress {
  readonly done: number;
  readonly total: number;
  /** The scenario that begins. */
  readonly scenario: string;
}

export interface CrashOptions<S = undefined> {
  readonly input?: unknown;
  /** The workflow id that the run is started under; default: `crash-test`. */
  readonly id?: string;
  /**
   * Makes what the steps talk to, anew for every scenario. Then what one of them leaves behind is
   * not there in the next, and `observe` sees what one run has done.
   */
  readonly services?: () => S | Promise<S>;
  /** What was done to the services, to be the same however often the run was killed. */
  readonly observe?: (services: S) => unknown;
  /** Ends the services of one scenario. */
  readonly release?: (services: S) => void | Promise<void>;
  /** The other workflows, tasks and objects that the workflow calls. */
  readonly workflows?: Made<readonly AnyWorkflow[], S>;
  readonly tasks?: Made<readonly AnyTask[], S>;
  readonly objects?: Made<readonly ObjectDefinition[], S>;
  /** Functions in place of those of steps, by the step's name or `<workflow>.<step>`. */
  readonly steps?: Readonly<Record<string, StepFunction>>;
  readonly answers?: Answers;
  /** Sent when the run has come to rest for the first time. */
  readonly signals?: readonly { readonly name: string; readonly payload?: unknown }[];
  /** Names of steps that only read or compute: they may run twice, and need no undo. */
  readonly readOnly?: readonly string[];
  /** Names of steps whose effect is to stay when the run fails: they need no undo. */
  readonly keep?: readonly string[];
  /** What of an ending is compared, when not all of it need be the same. */
  readonly compare?: (ending: unknown) => unknown;
  /** Scenarios at most; more are thinned out evenly, and the report says so. Default: 1,000. */
  readonly maxRuns?: number;
  /** Real time at most; what is left out is told. Default: 300. */
  readonly maxSeconds?: number;
  /** Real time that a function may take while nothing else goes on. Default: 10,000. */
  readonly patienceMs?: number;
  /** As in `open`; default: `true`. */
  readonly guard?: GuardMode;
  readonly startAt?: Date | number;
  readonly onProgress?: (progress: CrashProgress) => void;
}
