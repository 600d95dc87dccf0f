/** What user code throws to say how a failure is to be treated, and what it catches. */
import type { Failure, RunId } from "@perdure/kernel";
import { durationMs, type Duration } from "./duration.ts";

interface FailureOptions {
  /** What policies and callers match on; default: the class name. */
  readonly code?: string;
  readonly cause?: unknown;
  /** Any JSON value; kept with the failure. */
  readonly details?: unknown;
}

/**
 * No further attempt can help: the step fails now, whatever its retry policy says.
 *
 * ```ts
 * if (response.status === 402) throw new PermanentError("card declined", { code: "declined" });
 * ```
 */
export class PermanentError extends Error {
  override readonly name: string = "PermanentError";
  readonly code: string;
  readonly details: unknown;

  constructor(message: string, options: FailureOptions = {}) {
    super(message, causeOf(options));
    this.code = options.code ?? "PermanentError";
    this.details = options.details;
  }
}

/**
 * The far side said when to come back: the next attempt is made after that delay.
 *
 * ```ts
 * if (response.status === 429) throw new RetryAfterError("busy", response.headers.get("retry-after") + "s");
 * ```
 */
export class RetryAfterError extends Error {
  override readonly name: string = "RetryAfterError";
  readonly code: string;
  readonly details: unknown;
  readonly retryAfterMs: number;

  constructor(message: string, after: Duration, options: FailureOptions = {}) {
    super(message, causeOf(options));
    this.code = options.code ?? "RetryAfterError";
    this.details = options.details;
    this.retryAfterMs = durationMs(after);
  }
}

/** An error that comes out of a journal: the failure as it was recorded. */
export class FailureError extends Error {
  override readonly name: string = "FailureError";
  readonly code: string;
  readonly failure: Failure;

  constructor(failure: Failure, message: string = failure.message, cause?: unknown) {
    super(message, causeOf({ cause }));
    this.code = failure.code;
    this.failure = failure;
  }
}

/** A step has failed for good. `code` is the code of the failure that ended it. */
export class StepError extends FailureError {
  override readonly name: string = "StepError";
  readonly step: string;
  /** The step's key in its run: its name and occurrence. */
  readonly key: string;
  /** The last attempt. */
  readonly attempt: number;

  constructor(
    step: { name: string; key: string; attempt: number },
    failure: Failure,
    cause: Error,
  ) {
    super(failure, `step "${step.key}" failed: ${failure.message}`, cause);
    this.step = step.name;
    this.key = step.key;
    this.attempt = step.attempt;
  }
}

/** A workflow that was called did not complete. */
export class ChildError extends FailureError {
  override readonly name: string = "ChildError";
  readonly workflow: string;
  readonly runId: RunId;
  readonly status: string;

  constructor(
    child: { workflow: string; runId: RunId; status: string },
    failure: Failure,
    cause: Error,
  ) {
    super(failure, `workflow "${child.workflow}" ${child.status}: ${failure.message}`, cause);
    this.workflow = child.workflow;
    this.runId = child.runId;
    this.status = child.status;
  }
}

/** The run, or the scope the code is in, was cancelled. */
export class CancelledError extends Error {
  override readonly name: string = "CancelledError";
  readonly code = "cancelled";

  constructor(message = "the run was cancelled") {
    super(message);
  }
}

/** What was waited for did not happen in time. `code` is the kernel's for the kind of timeout. */
export class TimeoutError extends Error {
  override readonly name: string = "TimeoutError";
  readonly code: string;

  constructor(message: string, code = "timed-out") {
    super(message);
    this.code = code;
  }
}

/** `result()` of a run that did not complete. `status` says how it ended, `cause` why. */
export class RunFailedError extends FailureError {
  override readonly name: string = "RunFailedError";
  readonly runId: RunId;
  readonly status: "failed" | "cancelled" | "terminated" | "timedOut";

  constructor(runId: RunId, status: RunFailedError["status"], failure: Failure, cause: Error) {
    super(failure, `run ${runId} ${status}: ${failure.message}`, cause);
    this.runId = runId;
    this.status = status;
  }
}

function causeOf({ cause }: { readonly cause?: unknown }): ErrorOptions | undefined {
  return cause === undefined ? undefined : { cause };
}
