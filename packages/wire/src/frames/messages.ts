/**
 * The worker protocol, version 1: what a worker and a server say to each other over a WebSocket.
 *
 * One binary WebSocket message is one *frame*, and a frame is one msgpack array:
 *
 *     [seq, ack, message, message, ...]
 *
 * `ack` is the number of the last message its sender has taken. `seq` is the number of the first
 * message in the frame; each side numbers its own from 1, and a message keeps its number when it
 * is sent again over another connection. A frame without messages is a sign of life and an `ack`.
 *
 * The first frame of each side is a handshake and has `seq` 0: the worker's `hello`, the server's
 * `welcome` or `refused`. A server may say `refused` later too, and closes then.
 *
 * A message is an array that begins with its kind's number; `layouts.ts` has the order of fields.
 * There are no extension types and no records: maps have text keys, and numbers are finite.
 *
 * **Credit.** Runs and tasks: the slots in `hello`. Bytes: each side names a `window` when it
 * greets, and the other keeps no more than that unacknowledged on its way.
 *
 * **Namespace.** No message to the server names one: it follows from the credential.
 */
import type {
  Command,
  ErrorCode,
  Failure,
  JsonObject,
  Payload,
  RunEvent,
  RunId,
  RunSpec,
  StepResult,
  StepToken,
  TaskSpec,
} from "@perdure/kernel";

export const PROTOCOL = 1;

/** What the worker serves and has room for; the engine's `WorkerOptions` without a namespace. */
export interface StreamOptions {
  readonly queues: readonly StreamQueue[];
  readonly taskSlots: number;
  readonly runSlots: number;
  readonly leaseMs: number;
  readonly version?: string;
  readonly versioning?: "move" | "pin" | "pinned";
  readonly labels?: Readonly<Record<string, string>>;
}

export interface StreamQueue {
  readonly name: string;
  readonly workflows: readonly string[];
  readonly tasks: readonly string[];
  readonly concurrency?: number;
  readonly rate?: { readonly perSecond: number; readonly burst?: number };
  readonly priority?: number;
}

export interface Hello {
  readonly type: "hello";
  readonly protocol: number;
  readonly sdk: string;
  readonly worker: string;
  readonly options: StreamOptions;
  /** Bytes the server may have on their way. */
  readonly window: number;
  /** The token of `welcome`: goes on with that session instead of registering anew. */
  readonly resume?: string;
}

export interface Welcome {
  readonly type: "welcome";
  readonly protocol: number;
  readonly server: string;
  /** The session was found: nothing is lost. False: it is a new one, whose numbers begin at 1. */
  readonly isResumed: boolean;
  readonly resume: string;
  /** Bytes the worker may have on their way. */
  readonly window: number;
  /** Without a sign of life for so long either side counts as lost. */
  readonly leaseMs: number;
}

export interface Refused {
  readonly type: "refused";
  readonly error: WireError;
  /** Trying again is no use before somebody changes something. */
  readonly isFinal: boolean;
}

/** An error without its cause and its stack. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail?: JsonObject;
}

/** A hold on a run. */
interface Held {
  readonly runId: RunId;
  readonly lease: number;
}

/** Pairs an answer with what it answers. */
interface Called {
  readonly call: number;
}

export type WorkerMessage =
  | Hello
  | ({
      readonly type: "answer";
      readonly commands: readonly Command[];
      readonly through?: number;
      readonly failure?: Failure;
    } & Held)
  | ({ readonly type: "beat"; readonly details?: Payload } & StepToken & Called)
  | ({ readonly type: "result"; readonly result: StepResult } & StepToken & Called)
  /** To `query`, with its output, or to `update`. */
  | ({ readonly type: "reply"; readonly output?: Payload } & Called)
  | ({ readonly type: "failed"; readonly error: WireError } & Called)
  /** The local step that the run's code is in, and for how long; without one, it no longer is. */
  | ({
      readonly type: "doing";
      readonly step?: { readonly key: string; readonly forMs: number };
    } & Held)
  /** Takes no new work; `drained` says that nothing is left. */
  | { readonly type: "drain" };

/** Of a run's journal: `isLast` is false while more of it follows in `page`s. */
interface Paged {
  readonly events: readonly RunEvent[];
  readonly isLast: boolean;
}

export type ServerMessage =
  | Welcome
  | Refused
  | ({
      readonly type: "activate";
      readonly spec: RunSpec;
      readonly through: number;
      readonly lostAt: number;
    } & Held &
      Paged)
  | ({ readonly type: "page" } & Held & Paged)
  | ({ readonly type: "deliver"; readonly events: readonly RunEvent[] } & Held)
  | ({ readonly type: "evict" } & Held)
  | ({
      readonly type: "task";
      readonly spec: TaskSpec;
      readonly namespace: string;
      readonly workflow: string;
      readonly maybeRan: boolean;
      readonly heartbeatDetails?: Payload;
      readonly headers?: Readonly<Record<string, string>>;
    } & StepToken)
  | ({ readonly type: "cancelTask" } & StepToken)
  | ({ readonly type: "query"; readonly name: string; readonly input: Payload } & Held & Called)
  | ({
      readonly type: "update";
      readonly id: string;
      readonly name: string;
      readonly payload: Payload;
    } & Held &
      Called)
  /** To `beat` and `result`: it is durable. */
  | ({ readonly type: "done"; readonly cancelRequested: boolean } & Called)
  | ({ readonly type: "failed"; readonly error: WireError } & Called)
  | { readonly type: "drained" }
  /** The server leaves: finish what can be finished, and come back to another. */
  | { readonly type: "closing"; readonly reason: string };

export type Message = WorkerMessage | ServerMessage;
