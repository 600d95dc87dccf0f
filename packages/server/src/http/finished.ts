/** What is said of a request once it is over: to metrics, traces and the audit log. */
import type { ErrorCode } from "@perdure/kernel";
import type { Operation } from "@perdure/wire";
import type { Caller } from "../access/caller.ts";
import type { RestateOperation } from "../restate/restate-policy.ts";

export interface Finished {
  readonly requestId: string;
  /** Undefined: no route has this path. */
  readonly operation: Operation | RestateOperation | undefined;
  /** Undefined: nobody was identified. */
  readonly caller: Caller | undefined;
  readonly method: string;
  readonly status: number;
  /** Of a refusal. */
  readonly code: ErrorCode | undefined;
  /** The id that the request is about; never a payload. */
  readonly target: string | undefined;
  readonly address: string;
  readonly durationMs: number;
}

export type Observer = (finished: Finished) => void;
