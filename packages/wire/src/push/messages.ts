/**
 * What an HTTP push exchange says. The request's body is one `PushRequest`; the answer's body is
 * `PushFrame`s, sealed one by one as they come up, the last of them `end`.
 *
 * An exchange goes on for as long as the code can go on with what it was given. It ends when
 * nothing is in progress and only an event that is not in the journal yet could wake the code.
 */
import type {
  ActivationAnswer,
  ErrorCode,
  Payload,
  RunEvent,
  RunId,
  RunSpec,
  ScheduleSpec,
  StepResult,
  StepToken,
  TaskSpec,
  Trigger,
} from "@perdure/kernel";

/** Asks what the app has code for. */
export interface DescribeRequest {
  readonly type: "describe";
}

/** A question to the run's code, answered within the exchange. */
export interface PushAsk {
  readonly kind: "query" | "update";
  readonly id: string;
  readonly name: string;
  readonly input: Payload;
}

/** How a run's code begins in an app that does not have it. */
export interface PushBeginning {
  readonly spec: RunSpec;
  /** See `Activation` in the engine's port. */
  readonly through: number;
  readonly lostAt: number;
}

export interface ExchangeRequest {
  readonly type: "exchange";
  readonly runId: RunId;
  /** Names the engine's hold on the run: an app that kept the code under it needs the news only. */
  readonly hold: string;
  /** With it come all events; without it those after `after`, for code that was kept. */
  readonly begin?: PushBeginning;
  /** The last event before these; 0: they are the whole journal. */
  readonly after: number;
  readonly events: readonly RunEvent[];
  readonly asks: readonly PushAsk[];
}

/** One attempt of a remote step. */
export interface TaskRequest {
  readonly type: "task";
  readonly token: StepToken;
  readonly spec: TaskSpec;
  readonly namespace: string;
  readonly workflow: string;
  readonly maybeRan: boolean;
  readonly heartbeatDetails?: Payload;
  readonly headers?: Readonly<Record<string, string>>;
}

export type PushRequest = DescribeRequest | ExchangeRequest | TaskRequest;

export interface PushQueue {
  readonly name: string;
  readonly workflows: readonly string[];
  readonly tasks: readonly string[];
}

export interface PushDescription {
  readonly sdk: string;
  readonly queues: readonly PushQueue[];
  readonly version?: string;
  readonly versioning?: "move" | "pin" | "pinned";
  /** The answer comes in one piece when the exchange is over: there are no signs of life meanwhile. */
  readonly isBuffered: boolean;
  readonly triggers: readonly { readonly event: string; readonly trigger: Trigger }[];
  readonly schedules: readonly Omit<ScheduleSpec, "namespace">[];
}

export type PushFrame =
  /** A sign of life. */
  | { readonly type: "alive" }
  | { readonly type: "described"; readonly description: PushDescription }
  | { readonly type: "answer"; readonly answer: ActivationAnswer }
  /** A query's output; an accepted update has none yet. */
  | { readonly type: "answered"; readonly id: string; readonly output?: Payload }
  | {
      readonly type: "refused";
      readonly id: string;
      readonly code: ErrorCode;
      readonly message: string;
    }
  | { readonly type: "beat"; readonly details?: Payload }
  | { readonly type: "result"; readonly result: StepResult }
  /** The run's code is not here, or stands elsewhere: begin it. Nothing was done. */
  | { readonly type: "unknown" }
  /** `keeps`: the code stays here under its hold, and the next exchange may bring the news only. */
  | { readonly type: "end"; readonly keeps: boolean };
