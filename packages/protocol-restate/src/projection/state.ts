/**
 * What an attempt has to know of its invocation's journal, beside the journal itself.
 *
 * One is made for each attempt, from the events so far; it then follows every event that is
 * delivered and every message of the SDK. Only this folder writes to it.
 *
 * J1  Ordinals are given in the order in which the SDK's messages come, from one past the journal's
 *     last; whatever is written has all ordinals below it written too.
 * J2  A completion id is used once.
 * J3  A refused message has taken no ordinal and marked no run: what is known of runs that were begun
 *     can still be written down with the failure.
 */
import type { KeyRef, RunId, RunSpec } from "@perdure/kernel";
import type { HandlerView } from "../deployments/deployment.ts";
import type { CompletionOf } from "../messages/messages.ts";

/** What an attempt is of. */
export interface ProjectionContext {
  readonly spec: RunSpec;
  readonly handler: HandlerView;
  readonly namespace: string;
  /** A service that a deployment has; private ones too, for handlers may call them. */
  resolve(service: string, handler: string): HandlerView | undefined;
  /**
   * The journal's last seq when an earlier hold was lost while its attempt was busy. A `run` that is
   * begun before any event after it may have run already.
   */
  readonly lostAt?: number;
}

/** A message that the SDK may not send here and now. */
export interface Refusal {
  /** `RT0017`, or the SDK's number for what breaks the protocol: `571`. */
  readonly code: string;
  /** Says what to do next. */
  readonly text: string;
  /** No other attempt fares better until the code, or what is deployed, changes. */
  readonly isPermanent: boolean;
}

/** A `run` without an outcome. */
export interface BegunRun {
  readonly ordinal: number;
  readonly name: string;
  readonly maybeRan: boolean;
  /** The journal has, or is about to have, a marker for it. */
  isMarked: boolean;
  isProposed: boolean;
}

/** Something that may be awaited, and has come. */
export interface Arrival {
  /** Of the last event that brought it. */
  seq: number;
  isFailure: boolean;
}

export interface JournalState {
  readonly context: ProjectionContext;
  /** The last one that was given. */
  ordinal: number;
  /** Of the last event that was followed. */
  seq: number;
  /** Every completion id that was used, and for what. */
  readonly opened: Map<number, CompletionOf>;
  readonly completions: Map<number, Arrival>;
  /** By the kernel's name for them. */
  readonly signals: Map<string, Arrival>;
  readonly runs: Map<number, BegunRun>;
  /** Proposals whose answer is an acknowledgement. */
  readonly acks: Set<number>;
  /** Open waits for signals: name to operation key. */
  readonly waits: Map<string, string>;
  /** Calls without a result, by the run that was called. */
  readonly calls: Map<RunId, string>;
  isCancelRequested: boolean;
}

export function initialState(context: ProjectionContext): JournalState {
  return {
    context,
    ordinal: 0,
    seq: 0,
    opened: new Map(),
    completions: new Map(),
    signals: new Map(),
    runs: new Map(),
    acks: new Set(),
    waits: new Map(),
    calls: new Map(),
    isCancelRequested: false,
  };
}

/** What the driver finds out before it turns a message into commands. */
export interface Known {
  /** The business key of the run that an attach names by its invocation id. */
  readonly key?: KeyRef;
}
