import type { Payload } from "./payload.ts";

/**
 * A failure as it is journaled: data, never a thrown object.
 *
 * `code` is what policies match on and is stable; `message` is for people. `retryable: false`
 * ends the attempts whatever the policy says. `retryAfterMs` is a delay the far side asked for.
 */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
  readonly stack?: string;
  readonly details?: Payload;
  readonly cause?: Failure;
}

/** Codes the kernel itself writes into failures. A user's code may be any other string. */
export const FailureCode = {
  cancelled: "cancelled",
  terminated: "terminated",
  timedOut: "timed-out",
  workerLost: "worker-lost",
  scheduleToStart: "timeout-schedule-to-start",
  startToClose: "timeout-start-to-close",
  scheduleToClose: "timeout-schedule-to-close",
  heartbeat: "timeout-heartbeat",
  nondeterminism: "nondeterminism",
  limitExceeded: "limit-exceeded",
  forbidden: "forbidden",
  alreadyStarted: "already-started",
  notFound: "not-found",
  updateUnfinished: "update-unfinished",
} as const;
