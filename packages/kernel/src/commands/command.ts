/**
 * What workflow code asks for. One activation's commands arrive in the order of the code.
 *
 * A command that opens an operation carries its `key` and its `ordinal`; one that acts on an open
 * operation carries the key alone.
 */
import type {
  CallTarget,
  Outgoing,
  ParentClosePolicy,
  PauseReason,
  Progress,
  TaskSpec,
} from "../events/run-events.ts";
import type { WaitFor } from "../events/waits.ts";
import type { Failure } from "../failure.ts";
import type { JsonObject, Payload } from "../payload.ts";
import type { RetryPolicy } from "../retry.ts";

interface Opens {
  readonly key: string;
  readonly ordinal: number;
}

interface LocalAttempt extends Opens {
  readonly name: string;
  readonly attempt: number;
  readonly maybeRan?: boolean;
}

/** A message without what the kernel adds when it is sent: a started run's id. */
export type OutgoingCommand =
  | Exclude<Outgoing, { type: "start" }>
  | { readonly type: "start"; readonly target: CallTarget };

export type Command =
  | ({
      readonly type: "step.complete";
      readonly output: Payload;
      /** As in `step.completed`, from where the code stood; absent: it waits for the event. */
      readonly given?: number;
    } & LocalAttempt)
  | ({
      readonly type: "step.fail";
      readonly failure: Failure;
      readonly retry: RetryPolicy;
    } & LocalAttempt)
  | ({ readonly type: "step.schedule"; readonly name: string; readonly spec: TaskSpec } & Opens)
  | { readonly type: "step.cancel"; readonly key: string }
  | ({ readonly type: "timer.start"; readonly name?: string; readonly fireAt: number } & Opens)
  | { readonly type: "timer.cancel"; readonly key: string }
  | ({ readonly type: "wait.start"; readonly on: WaitFor; readonly deadline?: number } & Opens)
  | { readonly type: "wait.cancel"; readonly key: string }
  | ({
      readonly type: "call.start";
      readonly target: CallTarget;
      readonly onParentClose: ParentClosePolicy;
    } & Opens)
  /** Asks the child to stop; the call closes when the child has. */
  | { readonly type: "call.cancel"; readonly key: string }
  | ({ readonly type: "send"; readonly message: OutgoingCommand } & Opens)
  | {
      readonly type: "state.write";
      readonly ordinal: number;
      readonly name: string;
      readonly value: Payload;
    }
  | { readonly type: "state.clear"; readonly ordinal: number; readonly name?: string }
  /** Answered by `value.recorded` under the same key. */
  | ({ readonly type: "state.read"; readonly name: string } & Opens)
  | {
      readonly type: "attributes.upsert";
      readonly ordinal: number;
      readonly attributes?: JsonObject;
      readonly progress?: Progress;
    }
  | ({ readonly type: "value.record"; readonly value: Payload } & Opens)
  | {
      readonly type: "update.accept";
      readonly id: string;
      readonly name: string;
      readonly payload: Payload;
    }
  | {
      readonly type: "update.complete";
      readonly id: string;
      readonly output?: Payload;
      readonly failure?: Failure;
    }
  | { readonly type: "run.complete"; readonly output: Payload }
  | { readonly type: "run.fail"; readonly failure: Failure }
  | { readonly type: "run.cancel"; readonly failure: Failure }
  | {
      readonly type: "run.continue";
      readonly input: Payload;
      readonly workflow?: string;
      readonly version?: string;
    }
  | {
      readonly type: "run.pause";
      readonly reason: PauseReason;
      readonly message: string;
      readonly key?: string;
    };

export type CommandType = Command["type"];
export type CommandOf<T extends CommandType> = Extract<Command, { type: T }>;

/** What one answer of an activation holds. */
export interface ActivationAnswer {
  readonly commands: readonly Command[];
  /** The code has seen all events up to here and waits. Absent: it is still busy. */
  readonly through?: number;
  /** The code could not be run. A `nondeterminism` code pauses the run. */
  readonly failure?: Failure;
}
