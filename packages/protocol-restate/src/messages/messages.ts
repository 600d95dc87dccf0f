/**
 * The messages of Restate's service protocol (versions 5 to 7), as they are told apart in code.
 *
 * The server sends `start`, the journal (commands and notifications), later notifications, and
 * `proposeRunCompletionAck`. The SDK sends commands and the other control messages.
 */

export interface Header {
  readonly key: string;
  readonly value: string;
}

export interface ProtocolFailure {
  /** An HTTP status, or any other u32. */
  readonly code: number;
  readonly message: string;
  /** Since version 6. */
  readonly metadata: readonly Header[];
}

export interface VoidResult {
  readonly type: "void";
}
export interface ValueResult {
  readonly type: "value";
  readonly value: Uint8Array;
}
export interface FailureResult {
  readonly type: "failure";
  readonly failure: ProtocolFailure;
}

export type ValueOrFailure = ValueResult | FailureResult;

/** Of any notification: which of them are possible depends on what it answers. */
export type Result =
  | VoidResult
  | ValueOrFailure
  | { readonly type: "invocationId"; readonly invocationId: string }
  | { readonly type: "stateKeys"; readonly stateKeys: readonly Uint8Array[] };

/** How several things that are awaited are one; `unknown` is taken as `firstCompleted`. */
export type Combinator =
  | "unknown"
  | "firstCompleted"
  | "allCompleted"
  | "firstSucceededOrAllFailed"
  | "allSucceededOrFirstFailed";

/** What is awaited: completions and signals by id, signals by name, and trees of them. */
export interface Future {
  readonly completions: readonly number[];
  readonly signals: readonly number[];
  readonly namedSignals: readonly string[];
  readonly nested: readonly Future[];
  readonly combinator: Combinator;
}

export interface StateEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface Start {
  readonly type: "start";
  /** 24 bytes. */
  readonly id: Uint8Array;
  /** `inv_…` */
  readonly debugId: string;
  /** Commands and notifications that follow before the code begins; the input is the first. */
  readonly knownEntries: number;
  readonly state: readonly StateEntry[];
  readonly partialState: boolean;
  readonly key: string;
  readonly retryCount: number;
  /** Since the last entry was stored. */
  readonly durationMs: number;
  /** Since version 6; the SDK of version 5 hashes the id. */
  readonly randomSeed: bigint;
  /** Since version 7. */
  readonly scope?: string;
  readonly limitKey?: string;
  readonly idempotencyKey?: string;
}

export interface Suspension {
  readonly type: "suspension";
  /** Versions 5 and 6: any of them is enough. */
  readonly completions: readonly number[];
  readonly signals: readonly number[];
  readonly namedSignals: readonly string[];
  /** Version 7. */
  readonly awaitingOn?: Future;
}

export interface ErrorMessage {
  readonly type: "error";
  readonly code: number;
  readonly message: string;
  readonly stacktrace: string;
  readonly commandIndex?: number;
  readonly commandName?: string;
  readonly commandType?: number;
  readonly nextRetryMs?: number;
  /** Since version 7; 0 retry, 1 pause, 2 fail. */
  readonly behavior: number;
}

export type Control =
  | Start
  | Suspension
  | ErrorMessage
  | { readonly type: "end" }
  | {
      readonly type: "proposeRunCompletion";
      readonly completionId: number;
      readonly result: ValueOrFailure;
      /** The answer is `proposeRunCompletionAck`, not the whole completion. */
      readonly requestedAck: boolean;
    }
  | {
      readonly type: "awaitingOn";
      readonly awaitingOn: Future;
      readonly executingSideEffects: boolean;
    }
  | { readonly type: "proposeRunCompletionAck"; readonly completionId: number };

/** Every command may be named, for people. */
interface Named {
  readonly name: string;
}

interface Completable extends Named {
  readonly completionId: number;
}

export interface CallFields {
  readonly service: string;
  readonly handler: string;
  readonly parameter: Uint8Array;
  readonly headers: readonly Header[];
  readonly key: string;
  readonly idempotencyKey?: string;
  readonly scope?: string;
  readonly limitKey?: string;
  /** Answered by `callInvocationId`. */
  readonly invocationIdCompletion: number;
}

export type InvocationTarget =
  | { readonly type: "invocationId"; readonly invocationId: string }
  | {
      readonly type: "idempotentRequest";
      readonly idempotentRequest: {
        readonly service: string;
        readonly key?: string;
        readonly handler: string;
        readonly idempotencyKey: string;
        readonly scope?: string;
      };
    }
  | {
      readonly type: "workflow";
      readonly workflow: {
        readonly name: string;
        readonly key: string;
        readonly scope?: string;
      };
    };

/** A signal by index, or by name. */
export type SignalId =
  | { readonly type: "index"; readonly index: number }
  | { readonly type: "name"; readonly name: string };

export type StateCommand =
  | ({ readonly type: "getLazyState"; readonly key: Uint8Array } & Completable)
  | ({ readonly type: "setState"; readonly key: Uint8Array; readonly value: Uint8Array } & Named)
  | ({ readonly type: "clearState"; readonly key: Uint8Array } & Named)
  | ({ readonly type: "clearAllState" } & Named)
  | ({ readonly type: "getLazyStateKeys" } & Completable)
  | ({
      readonly type: "getEagerState";
      readonly key: Uint8Array;
      readonly result: VoidResult | ValueResult;
    } & Named)
  | ({
      readonly type: "getEagerStateKeys";
      readonly keys: readonly Uint8Array[];
    } & Named);

export type PromiseCommand =
  | ({ readonly type: "getPromise"; readonly key: string } & Completable)
  | ({ readonly type: "peekPromise"; readonly key: string } & Completable)
  | ({
      readonly type: "completePromise";
      readonly key: string;
      readonly result: ValueOrFailure;
    } & Completable);

export type ProtocolCommand =
  | ({
      readonly type: "input";
      readonly headers: readonly Header[];
      readonly value: Uint8Array;
    } & Named)
  | ({ readonly type: "output"; readonly result: ValueOrFailure } & Named)
  | StateCommand
  | PromiseCommand
  /** `wakeUpAt`: ms since epoch. */
  | ({ readonly type: "sleep"; readonly wakeUpAt: number } & Completable)
  | ({ readonly type: "call" } & CallFields & Completable)
  /** `invokeAt`: ms since epoch; 0: now. */
  | ({ readonly type: "oneWayCall"; readonly invokeAt: number } & CallFields & Named)
  | ({
      readonly type: "sendSignal";
      readonly target: string;
      readonly signal: SignalId;
      readonly result: VoidResult | ValueOrFailure;
    } & Named)
  | ({ readonly type: "run" } & Completable)
  | ({ readonly type: "attachInvocation"; readonly target: InvocationTarget } & Completable)
  | ({ readonly type: "getInvocationOutput"; readonly target: InvocationTarget } & Completable)
  | ({
      readonly type: "completeAwakeable";
      readonly awakeableId: string;
      readonly result: ValueOrFailure;
    } & Named);

/** What a completion answers; a call has two. */
export type CompletionOf =
  | "getLazyState"
  | "getLazyStateKeys"
  | "getPromise"
  | "peekPromise"
  | "completePromise"
  | "sleep"
  | "call"
  | "callInvocationId"
  | "run"
  | "attachInvocation"
  | "getInvocationOutput";

export interface Completion {
  readonly type: "completion";
  readonly of: CompletionOf;
  readonly completionId: number;
  readonly result: Result;
}

export interface SignalNotification {
  readonly type: "signal";
  readonly signal: SignalId;
  readonly result: VoidResult | ValueOrFailure;
}

export type Notification = Completion | SignalNotification;

export type Message = Control | ProtocolCommand | Notification;
export type MessageType = Message["type"];
export type MessageOf<T extends MessageType> = Extract<Message, { readonly type: T }>;
