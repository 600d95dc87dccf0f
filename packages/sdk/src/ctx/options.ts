/** Options and small parts of `ctx`. */
import type { JsonObject, ParentClosePolicy, RunId } from "@perdure/kernel";
import type { TaskTimeouts } from "../define/task.ts";
import type { Durability, RetryOptions } from "../define/workflow.ts";
import type { Duration } from "../duration.ts";
import type { Schema } from "../schema.ts";

/** What an attempt of a local step knows. */
export interface StepContext {
  /** The same at every attempt of this step, and of no other one: hand it to whoever is called. */
  readonly idempotencyKey: string;
  /** The step's key in its run: its name, and from the second of that name on its occurrence. */
  readonly key: string;
  /** From 1. */
  readonly attempt: number;
  /** An earlier attempt may have acted without anybody knowing. */
  readonly maybeRan: boolean;
  /** Aborted when the step is cancelled or timed out, or its run is no longer ours. */
  readonly signal: AbortSignal;
}

/** Takes a step back. It is a step itself: tried again until it succeeds. */
export type Undo<T> = (result: T, step: StepContext) => unknown;

export interface StepOptions<T> {
  readonly retry?: RetryOptions;
  /** Of one attempt; a further attempt may follow. */
  readonly timeout?: Duration;
  readonly durability?: Durability;
  /** Runs, in reverse order of the steps, when the run fails or is cancelled. */
  readonly undo?: Undo<T>;
}

export interface RunTaskOptions<T> extends TaskTimeouts {
  readonly queue?: string;
  readonly retry?: RetryOptions;
  /** Higher first. */
  readonly priority?: number;
  /** Tasks of different fairness keys take turns. */
  readonly fairnessKey?: string;
  readonly undo?: Undo<T>;
}

export interface WaitOptions {
  /** Without one it waits for ever. */
  readonly timeout?: Duration;
  /** The result of a wait that timed out; without it, a `TimeoutError` is thrown. */
  readonly onTimeout?: unknown;
}

/** A result, or what `onTimeout` gives in its place. */
export type Waited<T, O> = O extends { readonly onTimeout: infer D } ? T | D : T;

export interface SignalWaitOptions extends WaitOptions {
  readonly schema?: Schema;
}

export interface EventWaitOptions extends WaitOptions {
  /** A part that the event's data must contain. */
  readonly match?: JsonObject;
  /** Also takes an event published up to this long ago. */
  readonly lookBack?: Duration;
  readonly schema?: Schema;
}

export interface CallOptions {
  /** The business key of the child; without one it has none. */
  readonly id?: string;
  readonly queue?: string;
  readonly timeout?: Duration;
  readonly attributes?: JsonObject;
  readonly priority?: number;
  /** When a run under that id is open; default for a call: `fail`, for a send: `useExisting`. */
  readonly conflict?: "fail" | "useExisting" | "terminateExisting";
}

export interface AwaitedCallOptions extends CallOptions {
  /** What becomes of the child when this run closes first; default: `terminate`. */
  readonly onParentClose?: ParentClosePolicy;
}

/** A run, or the current run under a business key. */
export type RunTarget = { readonly runId: RunId | string } | { readonly id: string };

/** A promise that somebody outside keeps. */
export interface DurablePromise<T> {
  /** Names it for `perdure.resolvePromise` and `rejectPromise`. */
  readonly id: string;
  readonly result: Promise<T>;
}

/** State under an object's key. */
export interface KeyedState {
  get<T = unknown>(name: string): Promise<T | undefined>;
  set(name: string, value: unknown): void;
  /** One entry, or all. */
  clear(name?: string): void;
  keys(): Promise<readonly string[]>;
}

/** The scope that the context belongs to. */
export interface Cancellation {
  readonly requested: boolean;
  readonly reason: string | undefined;
  /** Throws a `CancelledError` when cancellation was requested. */
  check(): void;
}

/** Code that can be cancelled by itself. */
export interface CancellableScope<T> {
  readonly result: Promise<T>;
  cancel(reason?: string): void;
}

export interface RunInfo {
  readonly runId: RunId;
  readonly workflow: string;
  readonly namespace: string;
  /** The business key, if it has one. */
  readonly id: string | undefined;
  readonly queue: string;
  readonly version: string | undefined;
  /** The run that called this one. */
  readonly parent: RunId | undefined;
  /** First run of a chain of continue-as-new. */
  readonly firstRunId: RunId;
  readonly headers: Readonly<Record<string, string>>;
}
