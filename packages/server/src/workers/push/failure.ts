/** Why an exchange came to nothing, in words that `why` shows. */
import type { Failure } from "@perdure/kernel";

export const PUSH_FAILED = "push-failed";

export interface PushFailureTerms {
  /** The app was reached, and nobody knows how far it came. */
  readonly mayHaveRun: boolean;
  /** The app asked for it, or the circuit is open. */
  readonly retryAfterMs?: number;
  /** The app has another key. */
  readonly isKeyRefused?: boolean;
  /** The circuit is open: nothing was sent. */
  readonly isSpared?: boolean;
  readonly cause?: unknown;
}

export class PushFailure extends Error {
  override readonly name = "PushFailure";
  readonly mayHaveRun: boolean;
  readonly retryAfterMs: number | undefined;
  readonly isKeyRefused: boolean;
  readonly isSpared: boolean;

  constructor(message: string, terms: PushFailureTerms) {
    super(message, terms.cause === undefined ? undefined : { cause: terms.cause });
    this.mayHaveRun = terms.mayHaveRun;
    this.retryAfterMs = terms.retryAfterMs;
    this.isKeyRefused = terms.isKeyRefused ?? false;
    this.isSpared = terms.isSpared ?? false;
  }

  toFailure(): Failure {
    const { message, retryAfterMs } = this;
    return { code: PUSH_FAILED, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
}
