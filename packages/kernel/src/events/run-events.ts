/**
 * The journal's vocabulary: what can ever have happened to a run.
 *
 * Every event has `seq` (contiguous from 1 in its run) and `at` (ms since epoch, UTC). An event
 * that belongs to an operation names it by `key`, unique in its run: the step's name and
 * occurrence in the native SDK (`charge`, `charge#2`), whatever it brings in a foreign protocol.
 *
 * `ordinal` is the operation's place in the order in which the code asked, from 1. Operations may
 * finish in another order, so the journal keeps both: the place in the journal says what happened
 * when, the ordinal says what was asked when. Replay compares the ordinals (invariant 9).
 *
 * Journals are kept for years: a field may be added, never renamed or given another meaning.
 */
import type { Failure } from "../failure.ts";
import type { KeyRef, RunId, StreamId } from "../ids.ts";
import type { JsonObject, Payload } from "../payload.ts";
import type { RetryPolicy } from "../retry.ts";
import type { WaitFor } from "./waits.ts";

/** Which operation of which run waits for an answer. */
export interface OperationRef {
  readonly runId: RunId;
  readonly key: string;
}

/**
 * What becomes of an open child when its parent closes. `follow`: it is terminated with its parent,
 * and left alone however else the parent ends.
 */
export type ParentClosePolicy = "terminate" | "cancel" | "abandon" | "follow";

/**
 * How a run holds its business key. `single`: at most one open run, a second start meets the
 * conflict policy. `exclusive`: starts queue first in, first out. `shared`: beside the others.
 */
export type KeyMode = "single" | "exclusive" | "shared";

/** Everything that fixes a run before its code begins. Durations in ms; 0 or absent is no limit. */
export interface RunSpec {
  readonly runId: RunId;
  readonly namespace: string;
  readonly workflow: string;
  readonly input: Payload;
  /** The task queue whose workers run the code. */
  readonly queue: string;
  readonly key?: KeyRef;
  readonly mode?: KeyMode;
  readonly parent?: OperationRef;
  /** From start to close, over all activations. */
  readonly runTimeoutMs?: number;
  /** The first activation waits until then. */
  readonly startAt?: number;
  readonly attributes?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly priority?: number;
  /** The client's idempotency key or request id of this start. */
  readonly requestId?: string;
  /** First run of a chain of continue-as-new, and the run before this one. */
  readonly firstRunId?: RunId;
  readonly continuedFrom?: RunId;
  /** Seeds the workflow's random numbers; a fork keeps its origin's. Default: the run id. */
  readonly seed?: string;
  /** Closed runs are kept this long. */
  readonly retentionMs?: number;
  /** A machine that is not a run (a schedule) and hears how this run ends. */
  readonly notify?: Listener;
}

/** Hears `child.started` and `child.closed` under its own key. */
export interface Listener {
  readonly stream: StreamId;
  readonly key: string;
}

export type PauseReason = "operator" | "nondeterminism" | "exhausted" | "code";

/** How a run ended. */
export type Outcome =
  | { readonly status: "completed"; readonly output: Payload }
  | { readonly status: "failed"; readonly failure: Failure }
  | { readonly status: "cancelled"; readonly failure: Failure }
  | { readonly status: "terminated"; readonly failure: Failure }
  | { readonly status: "timedOut"; readonly failure: Failure }
  | { readonly status: "continued"; readonly runId: RunId };

export type LifeEvent =
  | { readonly kind: "run.started"; readonly spec: RunSpec }
  | { readonly kind: "run.completed"; readonly output: Payload }
  | { readonly kind: "run.failed"; readonly failure: Failure }
  | { readonly kind: "run.cancelRequested"; readonly reason?: string; readonly by?: string }
  | { readonly kind: "run.cancelled"; readonly failure: Failure }
  | { readonly kind: "run.terminated"; readonly failure: Failure; readonly by?: string }
  | { readonly kind: "run.timedOut"; readonly failure: Failure }
  | { readonly kind: "run.continued"; readonly runId: RunId }
  | {
      readonly kind: "run.paused";
      readonly reason: PauseReason;
      readonly message: string;
      /** The operation that a person has to look at. */
      readonly key?: string;
      readonly by?: string;
    }
  | { readonly kind: "run.resumed"; readonly by?: string }
  | {
      readonly kind: "run.forked";
      readonly spec: RunSpec;
      readonly from: RunId;
      /** The last event copied. */
      readonly through: number;
    }
  /** Another operation also waits for this run's outcome. */
  | { readonly kind: "run.attached"; readonly listener: OperationRef };

export type ActivationEvent =
  /** A failed activation is due again. */
  | { readonly kind: "activation.scheduled"; readonly attempt: number }
  /** The code has seen every event up to `through` and waits. */
  | { readonly kind: "activation.completed"; readonly through: number }
  /** The code could not be run (not: the workflow failed). */
  | {
      readonly kind: "activation.failed";
      readonly attempt: number;
      readonly failure: Failure;
      readonly retryAt?: number;
    }
  /**
   * From here on only workers of this version run the code; absent: workers of any version. It is
   * journaled because every later node has to know, and because people ask who is still on what.
   */
  | {
      readonly kind: "activation.pinned";
      readonly version?: string;
      /** The worker that was the first to have it; absent: a person asked for it. */
      readonly worker?: string;
      readonly by?: string;
    };

/** The four limits of a remote step, each from the moment in its name. */
export interface StepTimeouts {
  readonly scheduleToStartMs?: number;
  readonly startToCloseMs?: number;
  readonly scheduleToCloseMs?: number;
  readonly heartbeatMs?: number;
}

/** A remote step as asked for. */
export interface TaskSpec {
  readonly task: string;
  readonly queue: string;
  readonly input: Payload;
  readonly retry: RetryPolicy;
  readonly timeouts: StepTimeouts;
  readonly priority?: number;
  readonly fairnessKey?: string;
}

/**
 * A local step leaves no event before it has run once: its first word is `step.completed` or
 * `step.failed`. So after a crash the next activation says which steps may have run already, and
 * their outcome carries `maybeRan`.
 */
export type StepEvent =
  | {
      readonly kind: "step.scheduled";
      readonly key: string;
      readonly ordinal: number;
      readonly name: string;
      readonly spec: TaskSpec;
    }
  /** Remote: the next attempt may be offered to workers. */
  | { readonly kind: "step.rescheduled"; readonly key: string; readonly attempt: number }
  /** Remote: a worker took it. Local: a retry is due, and the code runs it. */
  | {
      readonly kind: "step.started";
      readonly key: string;
      readonly attempt: number;
      readonly worker?: string;
      readonly maybeRan?: boolean;
    }
  | {
      readonly kind: "step.heartbeat";
      readonly key: string;
      readonly attempt: number;
      readonly details?: Payload;
    }
  | {
      readonly kind: "step.completed";
      readonly key: string;
      readonly ordinal: number;
      readonly name: string;
      readonly attempt: number;
      readonly output: Payload;
      readonly maybeRan?: boolean;
      /**
       * Of a local step whose result the code was given before it was on disk, and not where this
       * event stands: the event after which it was given. 0: it was given where the code asked.
       */
      readonly given?: number;
    }
  /** An attempt failed; `retryAt` says when the next one is due, absent: none is. */
  | {
      readonly kind: "step.failed";
      readonly key: string;
      readonly ordinal: number;
      readonly name: string;
      readonly attempt: number;
      readonly failure: Failure;
      readonly retryAt?: number;
      readonly maybeRan?: boolean;
      /** It reached no code: none of those that the policy allows. */
      readonly untouched?: boolean;
      /** A local step's policy, on its first failure: from here on the kernel keeps the step. */
      readonly retry?: RetryPolicy;
    }
  /** No more attempts: the code sees the failure. */
  | { readonly kind: "step.abandoned"; readonly key: string; readonly failure: Failure }
  | { readonly kind: "step.cancelRequested"; readonly key: string }
  | { readonly kind: "step.cancelled"; readonly key: string };

export type TimeEvent =
  | {
      readonly kind: "timer.started";
      readonly key: string;
      readonly ordinal: number;
      readonly name?: string;
      readonly fireAt: number;
    }
  | { readonly kind: "timer.fired"; readonly key: string }
  | { readonly kind: "timer.cancelled"; readonly key: string };

export type WaitEvent =
  | {
      readonly kind: "wait.started";
      readonly key: string;
      readonly ordinal: number;
      readonly on: WaitFor;
      readonly deadline?: number;
    }
  /** By the signal at `signal`, or by what was waited for: an event's payload, a run's failure. */
  | {
      readonly kind: "wait.resolved";
      readonly key: string;
      readonly signal?: number;
      readonly payload?: Payload;
      readonly failure?: Failure;
    }
  | { readonly kind: "wait.timedOut"; readonly key: string }
  | { readonly kind: "wait.cancelled"; readonly key: string };

/** A workflow to start from another one. */
export interface CallTarget {
  readonly workflow: string;
  readonly input: Payload;
  readonly queue: string;
  readonly key?: KeyRef;
  readonly mode?: KeyMode;
  /** Default for a call: `fail`, for a one-way start: `useExisting`. */
  readonly conflict?: "fail" | "useExisting" | "terminateExisting";
  /** Default: `allow`. */
  readonly reuse?: "allow" | "allowAfterFailure" | "reject";
  readonly runTimeoutMs?: number;
  readonly startAt?: number;
  readonly attributes?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
  readonly priority?: number;
  readonly requestId?: string;
  readonly retentionMs?: number;
}

/** A one-way message to the outside of the run. */
export type Outgoing =
  | { readonly type: "start"; readonly runId: RunId; readonly target: CallTarget }
  | {
      readonly type: "signal";
      readonly to: RunId | KeyRef;
      readonly name: string;
      readonly payload?: Payload;
      readonly failure?: Failure;
    }
  | { readonly type: "cancel"; readonly to: RunId | KeyRef; readonly reason?: string }
  | {
      readonly type: "publish";
      readonly event: string;
      readonly payload: Payload;
      /** The part of the payload that matches may read. */
      readonly data?: JsonObject;
    };

export type TalkEvent =
  | {
      readonly kind: "signal.received";
      readonly name: string;
      readonly payload?: Payload;
      readonly failure?: Failure;
      /** The sender's id for it: a second one with the same id is dropped. */
      readonly id?: string;
      readonly by?: string;
    }
  | {
      readonly kind: "update.accepted";
      readonly id: string;
      readonly name: string;
      readonly payload: Payload;
    }
  | {
      readonly kind: "update.completed";
      readonly id: string;
      readonly output?: Payload;
      readonly failure?: Failure;
    }
  | {
      readonly kind: "call.scheduled";
      readonly key: string;
      readonly ordinal: number;
      readonly runId: RunId;
      readonly target: CallTarget;
      readonly onParentClose: ParentClosePolicy;
    }
  | { readonly kind: "call.started"; readonly key: string; readonly runId: RunId }
  | { readonly kind: "call.closed"; readonly key: string; readonly outcome: Outcome }
  | {
      readonly kind: "message.sent";
      readonly key: string;
      readonly ordinal: number;
      readonly message: Outgoing;
    };

export type StateEvent =
  | {
      readonly kind: "state.written";
      readonly ordinal: number;
      readonly name: string;
      readonly value: Payload;
    }
  /** One name, or all of the key's state. */
  | { readonly kind: "state.cleared"; readonly ordinal: number; readonly name?: string }
  | {
      readonly kind: "attributes.upserted";
      readonly ordinal: number;
      readonly attributes?: JsonObject;
      readonly progress?: Progress;
    };

export interface Progress {
  /** From 0 to 1. */
  readonly fraction: number;
  readonly text?: string;
}

/** A value that replay must find again: the time, a version marker, keyed state as read. */
export type RecordEvent = {
  readonly kind: "value.recorded";
  readonly key: string;
  readonly ordinal: number;
  /** Absent: the state under that name was empty. */
  readonly value?: Payload;
};

export type RunEventBody =
  | LifeEvent
  | ActivationEvent
  | StepEvent
  | TimeEvent
  | WaitEvent
  | TalkEvent
  | StateEvent
  | RecordEvent;

/** What every event has beside its own fields. */
export interface Recorded {
  readonly seq: number;
  readonly at: number;
}

export type RunEvent = RunEventBody & Recorded;
export type RunEventKind = RunEventBody["kind"];
export type RunEventOf<K extends RunEventKind> = Extract<RunEvent, { kind: K }>;
