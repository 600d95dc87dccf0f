/**
 * The state of a run: what its journal adds up to, as far as decisions need it.
 *
 * It holds no payload of a finished operation: those are in the journal, which workers replay.
 * Only `evolve` writes here; everybody else sees it readonly. It is plain data (maps, sets and
 * arrays included) so that a generic codec can snapshot it.
 */
import type {
  CallTarget,
  Listener,
  Outcome,
  ParentClosePolicy,
  PauseReason,
  Progress,
  RunSpec,
  TaskSpec,
} from "../../events/run-events.ts";
import type { WaitFor } from "../../events/waits.ts";
import type { Failure } from "../../failure.ts";
import type { RunId } from "../../ids.ts";
import type { JsonObject, Payload } from "../../payload.ts";
import type { RetryPolicy } from "../../retry.ts";
import { noOrdinals, type OrdinalSet } from "./ordinals.ts";

interface OperationBase {
  readonly key: string;
  readonly ordinal: number;
  /** When it was asked for. */
  readonly since: number;
}

/**
 * `pending`: may be offered to workers. `running`: an attempt is out. `backoff`: waits for
 * `retryAt`. `exhausted`: waits for a person to resume the paused run.
 */
export type StepPhase = "pending" | "running" | "backoff" | "exhausted";

/** The attempts of a step that have failed so far. */
export interface Failing {
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** How many of the last ones failed alike: with one code and one message. */
  readonly alike: number;
}

export interface StepOperation extends OperationBase {
  readonly type: "step";
  readonly name: string;
  /** Absent: a local step, run inside the activation. */
  readonly spec?: TaskSpec;
  readonly retry: RetryPolicy;
  readonly phase: StepPhase;
  /** The attempt that is pending or running, or the last one that failed. */
  readonly attempt: number;
  /** Attempts spent before a person resumed the exhausted step: the policy counts anew. */
  readonly attemptsBefore: number;
  /** When the present phase began. */
  readonly phaseAt: number;
  readonly retryAt?: number;
  readonly worker?: string;
  readonly beatAt?: number;
  readonly heartbeatDetails?: Payload;
  readonly lastFailure?: Failure;
  readonly failing?: Failing;
  readonly cancelRequested: boolean;
  /** The attempt before may have acted without anybody knowing. */
  readonly maybeRan: boolean;
}

export interface TimerOperation extends OperationBase {
  readonly type: "timer";
  readonly name?: string;
  readonly fireAt: number;
}

export interface WaitOperation extends OperationBase {
  readonly type: "wait";
  readonly on: WaitFor;
  readonly deadline?: number;
}

export interface CallOperation extends OperationBase {
  readonly type: "call";
  readonly runId: RunId;
  readonly target: CallTarget;
  readonly onParentClose: ParentClosePolicy;
  readonly started: boolean;
}

export type Operation = StepOperation | TimerOperation | WaitOperation | CallOperation;

/** `open` until the handler is done. */
export type UpdateState =
  | { readonly status: "open" }
  | { readonly status: "done"; readonly output?: Payload; readonly failure?: Failure };

export interface Pause {
  readonly reason: PauseReason;
  readonly message: string;
  readonly key?: string;
  /** Who asked for it. */
  readonly by?: string;
  readonly since: number;
}

export interface RunState {
  readonly seq: number;
  /** The last event's time. */
  readonly at: number;
  readonly spec: RunSpec | undefined;
  readonly startedAt: number;
  readonly closedAt: number | undefined;
  readonly outcome: Outcome | undefined;
  readonly paused: Pause | undefined;
  readonly cancelRequestedAt: number | undefined;
  /** The start time has come. */
  readonly begun: boolean;
  /** The last event that the code has to see, and the last that it has seen. */
  readonly wakeSeq: number;
  readonly wokenAt: number;
  readonly through: number;
  /** The last local result that the code is given where its event stands. */
  readonly inOrder: number;
  /** Only workers of this version run the code. */
  readonly version: string | undefined;
  readonly activationFailures: number;
  readonly activationRetryAt: number | undefined;
  readonly activationFailure: Failure | undefined;
  readonly operations: ReadonlyMap<string, Operation>;
  /** What the code has asked for, as far as the journal knows. */
  readonly asked: OrdinalSet;
  /** Signals that no wait has taken, by name: their seqs, oldest first. */
  readonly signals: ReadonlyMap<string, readonly number[]>;
  readonly bufferedSignals: number;
  /** Ids of the last signals, to drop repeated ones. */
  readonly signalIds: ReadonlySet<string>;
  readonly updates: ReadonlyMap<string, UpdateState>;
  /** Who hears of the run's end. */
  readonly listeners: readonly Listener[];
  readonly attributes: JsonObject;
  readonly progress: Progress | undefined;
  /** Deadlines by operation key or by one of `alarmKeys`, and the soonest of them. */
  readonly alarms: ReadonlyMap<string, number>;
  readonly soonest: number | undefined;
}

/** Deadlines that belong to the run itself; no operation's key begins with `$`. */
export const alarmKeys = { start: "$start", run: "$run", activation: "$activation" } as const;

interface Shared {
  readonly map: ReadonlyMap<string, never>;
  readonly set: ReadonlySet<never>;
  readonly list: readonly never[];
  readonly object: JsonObject;
}

/** What most runs never put anything into: they share these until `evolve` gives one its own. */
export const none: Shared = {
  map: new Map<string, never>(),
  set: new Set<never>(),
  list: [],
  object: {},
};

export function initialRun(): RunState {
  return {
    seq: 0,
    at: 0,
    spec: undefined,
    startedAt: 0,
    closedAt: undefined,
    outcome: undefined,
    paused: undefined,
    cancelRequestedAt: undefined,
    begun: false,
    wakeSeq: 0,
    wokenAt: 0,
    through: 0,
    inOrder: 0,
    version: undefined,
    activationFailures: 0,
    activationRetryAt: undefined,
    activationFailure: undefined,
    operations: none.map,
    asked: noOrdinals(),
    signals: none.map,
    bufferedSignals: 0,
    signalIds: none.set,
    updates: none.map,
    listeners: none.list,
    attributes: none.object,
    progress: undefined,
    alarms: none.map,
    soonest: undefined,
  };
}
