/**
 * What a machine wants done once its events are on disk (invariant 1). The shell carries effects
 * out in order, and decides nothing about them.
 *
 * There is no effect to set a timer or to dispatch an activation: both follow from the state
 * (`wakeAt`, `work`), so they survive a crash without a row of their own.
 */
import type { RunId } from "./ids.ts";
import type { StreamId } from "./ids.ts";
import type { Message, RequestId } from "./messages.ts";
import type { ErrorCode } from "./errors.ts";
import type { JsonObject } from "./payload.ts";
import type { Outcome, TaskSpec } from "./events/run-events.ts";
import type { Payload } from "./payload.ts";

/** What a caller hears. */
export type Reply =
  | { readonly type: "ok" }
  | { readonly type: "run"; readonly runId: RunId; readonly existing: boolean }
  /** A claimed step, to be run now. */
  | {
      readonly type: "claimed";
      readonly spec: TaskSpec;
      readonly attempt: number;
      readonly maybeRan: boolean;
      readonly heartbeatDetails?: Payload;
      /** Of the run. */
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** To a heartbeat: should the step stop? */
  | { readonly type: "beat"; readonly cancelRequested: boolean }
  | {
      readonly type: "error";
      readonly code: ErrorCode;
      readonly message: string;
      readonly detail?: JsonObject;
    };

export type Effect =
  | { readonly type: "send"; readonly to: StreamId; readonly message: Message }
  | { readonly type: "reply"; readonly request: RequestId; readonly reply: Reply }
  /** An attempt of a remote step may be offered to workers. */
  | { readonly type: "offer"; readonly key: string; readonly attempt: number }
  /** An attempt is no longer wanted: tell its worker, or withdraw the offer. */
  | { readonly type: "withdraw"; readonly key: string; readonly attempt: number }
  /** The run is over: whoever waits for its outcome may have it. */
  | { readonly type: "closed"; readonly outcome: Outcome };
