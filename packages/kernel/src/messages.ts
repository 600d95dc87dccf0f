/**
 * What machines are told. A message holds all that a pure function may not fetch: who sent it and
 * any id that had to be drawn. The time it was accepted is handed to `decide` beside it.
 *
 * `request` names a caller on this node who waits for a reply; it is soft and dies with the node.
 */
import type { ActivationAnswer } from "./commands/command.ts";
import type { KeyMode, OperationRef, Outcome, RunEvent, RunSpec } from "./events/run-events.ts";
import type { KeyPromiseWait, RunWait } from "./events/waits.ts";
import type { Failure } from "./failure.ts";
import type { RunId, StreamId } from "./ids.ts";
import type { JsonObject, Payload } from "./payload.ts";
import type { SchedulePolicy, ScheduleSpec } from "./machines/schedule/spec.ts";

export type RequestId = number;

interface Asked {
  readonly request?: RequestId;
}

/**
 * What one run says to another. To a run of another namespace it is as if it had been said to
 * nobody: ids can be forged, so the receiver looks (T1).
 */
interface Sent {
  /** The sender's; absent: the engine itself says it, or a key of the receiver's own namespace. */
  readonly namespace?: string;
}

export interface SignalBody {
  readonly name: string;
  readonly payload?: Payload;
  readonly failure?: Failure;
  readonly id?: string;
  readonly by?: string;
}

/** A remote step's outcome as its worker tells it. */
export type StepResult =
  | { readonly type: "completed"; readonly output: Payload }
  | {
      readonly type: "failed";
      readonly failure: Failure;
      /** The attempt has reached no code: it counts for nothing but its failure's words. */
      readonly untouched?: boolean;
    }
  | { readonly type: "cancelled" };

/** The open attempt that a worker speaks for (invariant 5). */
export interface StepToken {
  readonly runId: RunId;
  readonly key: string;
  readonly attempt: number;
}

/** To whoever waits for a run. */
export type ChildMessage =
  | ({ readonly type: "child.started"; readonly key: string; readonly runId: RunId } & Sent)
  | ({ readonly type: "child.closed"; readonly key: string; readonly outcome: Outcome } & Sent);

export type RunMessage =
  /** `isNamed`: by whoever asks, who may ask again; otherwise the id was drawn for this one message. */
  | ({
      readonly type: "run.start";
      readonly spec: RunSpec;
      readonly isNamed?: true;
    } & Asked)
  | ({
      readonly type: "run.fork";
      readonly spec: RunSpec;
      readonly from: RunId;
      /** The copied prefix, overrides already in place. */
      readonly prefix: readonly RunEvent[];
    } & Asked)
  /** A checked journal of another engine's run. */
  | ({
      readonly type: "run.import";
      readonly spec: RunSpec;
      readonly events: readonly RunEvent[];
    } & Asked)
  /** A worker that pins has the run, and is the first of its kind. */
  | { readonly type: "run.pin"; readonly version: string; readonly worker: string }
  /** A person moves the run to another version; absent: to any. */
  | ({ readonly type: "run.repin"; readonly version?: string; readonly by?: string } & Asked)
  | ({ readonly type: "run.answer"; readonly answer: ActivationAnswer } & Asked)
  | ({
      readonly type: "step.claim";
      readonly key: string;
      readonly attempt: number;
      readonly worker: string;
    } & Asked)
  | ({
      readonly type: "step.beat";
      readonly key: string;
      readonly attempt: number;
      readonly details?: Payload;
    } & Asked)
  | ({
      readonly type: "step.result";
      readonly key: string;
      readonly attempt: number;
      readonly result: StepResult;
    } & Asked)
  /** The worker of this attempt is gone: nobody knows whether it acted. */
  | {
      readonly type: "step.lost";
      readonly key: string;
      readonly attempt: number;
      readonly worker: string;
    }
  | ({ readonly type: "run.signal"; readonly signal: SignalBody } & Asked & Sent)
  | ({ readonly type: "run.cancel"; readonly reason?: string; readonly by?: string } & Asked & Sent)
  | ({ readonly type: "run.terminate"; readonly reason?: string; readonly by?: string } & Asked &
      Sent)
  | ({ readonly type: "run.pause"; readonly message?: string; readonly by?: string } & Asked)
  | ({ readonly type: "run.resume"; readonly by?: string } & Asked)
  | ({
      readonly type: "run.attach";
      readonly listener: OperationRef;
      /** A run that is not here is no news: it may be imported later. */
      readonly ifThere?: boolean;
    } & Sent)
  /** How did the run end, if it has? Answered by `wait.match`. */
  | ({ readonly type: "run.peek"; readonly listener: OperationRef } & Sent)
  | ChildMessage
  /** What a wait was for. */
  | {
      readonly type: "wait.match";
      readonly key: string;
      readonly payload?: Payload;
      readonly failure?: Failure;
    }
  | {
      readonly type: "state.value";
      readonly key: string;
      readonly ordinal: number;
      readonly value?: Payload;
    }
  /** The moment `wakeAt` named has come. */
  | { readonly type: "wake" };

/** On a closed run under the key: may its id be used again? */
export type ReusePolicy = "allow" | "allowAfterFailure" | "reject";
/** On an open run under the key. */
export type ConflictPolicy = "fail" | "useExisting" | "terminateExisting";

export type KeyMessage =
  | ({
      readonly type: "key.start";
      readonly spec: RunSpec;
      readonly mode: KeyMode;
      readonly reuse: ReusePolicy;
      readonly conflict: ConflictPolicy;
      /** Delivered to the run that results, new or existing. */
      readonly signal?: SignalBody;
    } & Asked)
  /** An imported run that is open is to hold the key. */
  | ({
      readonly type: "key.adopt";
      readonly spec: RunSpec;
      readonly events: readonly RunEvent[];
    } & Asked)
  | {
      readonly type: "key.closed";
      readonly runId: RunId;
      readonly status: Outcome["status"];
      readonly next?: RunId;
    }
  /** To the current run under the key. */
  | ({ readonly type: "key.signal"; readonly signal: SignalBody } & Asked)
  | ({
      readonly type: "key.cancel";
      readonly reason?: string;
      readonly by?: string;
      /** This run, which may still be waiting for its turn; absent: the current one. */
      readonly runId?: RunId;
    } & Asked &
      Sent)
  | {
      readonly type: "key.read";
      readonly name: string;
      readonly replyTo: OperationRef;
      readonly ordinal: number;
    }
  /** Of the key's promises; answered by `wait.match`. */
  | {
      readonly type: "key.promise";
      readonly ask: KeyPromiseWait["ask"];
      readonly name: string;
      readonly payload?: Payload;
      readonly wait: OperationRef;
    }
  /** A closed run of the key is forgotten before its time. */
  | ({ readonly type: "key.forget"; readonly runId: RunId } & Asked)
  /** A run under the key, or the current one: it, or its start that waits for its turn, is told. */
  | {
      readonly type: "key.attach";
      readonly ask: RunWait["ask"];
      readonly runId?: RunId;
      readonly listener: OperationRef;
    }
  | ({ readonly type: "key.write"; readonly name: string; readonly value: Payload } & Asked)
  | ({ readonly type: "key.clear"; readonly name?: string } & Asked)
  /** All of the state at once, while no run holds the key. */
  | ({
      readonly type: "key.replace";
      readonly entries: readonly (readonly [name: string, value: Payload])[];
    } & Asked)
  | { readonly type: "wake" };

/** What starts when a published event matches. */
export interface Trigger {
  readonly id: string;
  readonly match?: JsonObject;
  readonly workflow: string;
  readonly queue: string;
}

export type TopicMessage =
  | ({
      readonly type: "topic.publish";
      readonly id: string;
      readonly payload: Payload;
      readonly data?: JsonObject;
    } & Asked)
  | {
      readonly type: "topic.subscribe";
      readonly wait: OperationRef;
      readonly match?: JsonObject;
      readonly lookBackMs?: number;
    }
  | { readonly type: "topic.unsubscribe"; readonly wait: OperationRef }
  | ({
      readonly type: "topic.trigger";
      /** Whose runs it starts: the topic's own, from authentication. */
      readonly namespace: string;
      readonly trigger: Trigger;
    } & Asked)
  | ({ readonly type: "topic.untrigger"; readonly id: string } & Asked)
  | { readonly type: "wake" };

export type ScheduleMessage =
  | ({ readonly type: "schedule.put"; readonly spec: ScheduleSpec } & Asked)
  | ({ readonly type: "schedule.delete" } & Asked)
  | ({
      readonly type: "schedule.pause";
      readonly note?: string;
      readonly by?: string;
    } & Asked)
  | ({ readonly type: "schedule.resume"; readonly note?: string } & Asked)
  | ({ readonly type: "schedule.trigger"; readonly overlap?: SchedulePolicy["overlap"] } & Asked)
  | ({
      readonly type: "schedule.backfill";
      readonly from: number;
      readonly to: number;
      readonly overlap?: SchedulePolicy["overlap"];
    } & Asked)
  /** A run that the schedule started is over; `key` is its run id. */
  | ChildMessage
  | { readonly type: "wake" };

export type Message = RunMessage | KeyMessage | TopicMessage | ScheduleMessage;

/** A message on its way. */
export interface Envelope {
  readonly to: StreamId;
  readonly message: Message;
}
