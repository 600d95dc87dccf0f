import type { KeyMode, OperationRef, Outcome, RunSpec } from "../../events/run-events.ts";
import type { RunId } from "../../ids.ts";
import type { SignalBody } from "../../messages.ts";
import type { Payload } from "../../payload.ts";

/** A start that waits for its turn in an exclusive key's inbox, or for its time. */
export interface Pending {
  readonly spec: RunSpec;
  /** Delivered to the run right after its start. */
  readonly signal?: SignalBody;
}

/** The past of a business key. */
export type KeyEventBody =
  | {
      readonly kind: "key.started";
      readonly runId: RunId;
      readonly mode: KeyMode;
      readonly requestId?: string;
      /** It came from the inbox (or the delayed ones), not directly. */
      readonly queued?: boolean;
      /** How long the key remembers the run after its end; absent: for ever. */
      readonly retentionMs?: number;
    }
  | { readonly kind: "key.queued"; readonly pending: Pending }
  | { readonly kind: "key.delayed"; readonly pending: Pending }
  /** A queued or delayed start was cancelled before its turn. */
  | { readonly kind: "key.dropped"; readonly runId: RunId }
  /** Another call waits for the outcome of a start that has not had its turn. */
  | { readonly kind: "key.attached"; readonly runId: RunId; readonly listener: OperationRef }
  /** A request was answered with a run that another request had started. */
  | { readonly kind: "key.remembered"; readonly requestId: string; readonly runId: RunId }
  | {
      readonly kind: "key.closed";
      readonly runId: RunId;
      readonly status: Outcome["status"];
      /** The run that goes on under the key (continue-as-new). */
      readonly next?: RunId;
    }
  /** Closed runs whose retention was over at this moment are forgotten; or this one, before that. */
  | { readonly kind: "key.forgotten"; readonly runId?: RunId }
  | { readonly kind: "key.written"; readonly name: string; readonly value: Payload }
  | { readonly kind: "key.cleared"; readonly name?: string }
  /** A promise got its value. */
  | { readonly kind: "key.settled"; readonly name: string; readonly payload: Payload }
  /** A run waits for a promise. */
  | { readonly kind: "key.awaited"; readonly name: string; readonly wait: OperationRef };
