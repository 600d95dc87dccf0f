import type { Failure } from "./failure.ts";

/** How often and how fast a step is tried again. Durations in milliseconds. */
export interface RetryPolicy {
  readonly initialMs: number;
  readonly factor: number;
  readonly maxIntervalMs: number;
  /** Attempts in all, the first included; 0 is without end. */
  readonly maxAttempts: number;
  /** Failure codes that end the attempts at once. */
  readonly nonRetryable?: readonly string[];
  /** What happens after the last attempt: the step fails, or the run waits for a person. */
  readonly onExhausted?: "fail" | "pause";
}

export const defaultRetry: RetryPolicy = {
  initialMs: 1_000,
  factor: 2,
  maxIntervalMs: 100_000,
  maxAttempts: 0,
};

export const noRetry: RetryPolicy = { ...defaultRetry, maxAttempts: 1 };

/** A failure that no further attempt can cure. */
export function isFinal(policy: RetryPolicy, failure: Failure): boolean {
  return failure.retryable === false || (policy.nonRetryable?.includes(failure.code) ?? false);
}

/**
 * The delay before the attempt after `attempt` (from 1), or undefined when there is none.
 * A delay that the far side asked for replaces the policy's.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: number,
  failure: Failure,
): number | undefined {
  if (isFinal(policy, failure)) return undefined;
  if (policy.maxAttempts > 0 && attempt >= policy.maxAttempts) return undefined;
  return pauseMs(policy, attempt, failure);
}

/** The delay after `attempt` (from 1), where there is no end to the attempts. */
export function pauseMs(policy: RetryPolicy, attempt: number, failure: Failure): number {
  if (failure.retryAfterMs !== undefined) return Math.max(0, failure.retryAfterMs);
  return Math.min(policy.maxIntervalMs, policy.initialMs * policy.factor ** (attempt - 1));
}
