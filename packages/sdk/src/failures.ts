/** Errors to failures, which are data, and back. */
import { FailureCode, limits, type Failure } from "@perdure/kernel";
import {
  CancelledError,
  FailureError,
  PermanentError,
  RetryAfterError,
  TimeoutError,
} from "./errors.ts";
import { encode } from "./payload.ts";

const CAUSES = 8;

/** Whatever was thrown, as it is journaled: bounded, with its causes. */
export function failureOf(thrown: unknown, depth = 0): Failure {
  if (!(thrown instanceof Error)) return { code: "thrown", message: describe(thrown) };
  // What came out of a journal goes back as it was; a StepError adds which step it was.
  if (thrown instanceof FailureError) return wrapped(thrown);
  const details = detailsOf(thrown);
  return {
    code: codeOf(thrown),
    message: cut(thrown.message, limits.failureMessageChars),
    ...(thrown.stack === undefined ? {} : { stack: cut(thrown.stack, limits.failureStackChars) }),
    ...(isPermanent(thrown) ? { retryable: false } : {}),
    ...(thrown instanceof RetryAfterError ? { retryAfterMs: thrown.retryAfterMs } : {}),
    ...(details === undefined ? {} : { details }),
    ...(thrown.cause === undefined || depth >= CAUSES
      ? {}
      : { cause: failureOf(thrown.cause, depth + 1) }),
  };
}

function wrapped(error: FailureError): Failure {
  const { failure } = error;
  if (error.message === failure.message) return failure;
  const { code, retryable, details } = failure;
  return {
    code,
    message: cut(error.message, limits.failureMessageChars),
    ...(retryable === undefined ? {} : { retryable }),
    ...(details === undefined ? {} : { details }),
    cause: failure,
  };
}

/** The error that code catches for a recorded failure. */
export function errorOf(failure: Failure): Error {
  switch (failure.code) {
    case FailureCode.cancelled:
      return new CancelledError(failure.message);
    case FailureCode.timedOut:
    case FailureCode.scheduleToStart:
    case FailureCode.startToClose:
    case FailureCode.scheduleToClose:
    case FailureCode.heartbeat:
      return new TimeoutError(failure.message, failure.code);
    default: {
      const cause = failure.cause && errorOf(failure.cause);
      const error = new FailureError(failure, failure.message, cause);
      if (failure.stack !== undefined) error.stack = failure.stack;
      return error;
    }
  }
}

function codeOf(error: Error): string {
  if ("code" in error && typeof error.code === "string" && error.code !== "") return error.code;
  return error.name === "Error" ? error.constructor.name : error.name;
}

/** Perdure's own refusals (a bad argument, a value too large) are the same at every attempt. */
function isPermanent(error: Error): boolean {
  if (error instanceof PermanentError) return true;
  return error.name === "PerdureError" && "retry" in error && error.retry === "never";
}

function detailsOf(error: Error): Failure["details"] {
  if (!("details" in error) || error.details === undefined) return undefined;
  try {
    return encode(error.details, "the failure's details").payload;
  } catch {
    return undefined;
  }
}

function describe(thrown: unknown): string {
  return typeof thrown === "string" ? thrown : `a value that is no Error: ${String(thrown)}`;
}

function cut(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars - 1)}…`;
}
