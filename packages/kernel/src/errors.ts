import type { JsonObject } from "./payload.ts";

export type Retry = "never" | "later" | "now";

export type ErrorCode =
  | "invalid-argument"
  | "unauthenticated"
  | "forbidden"
  | "not-found"
  | "already-exists"
  | "already-closed"
  | "conflict"
  | "nondeterminism"
  | "limit-exceeded"
  | "overloaded"
  | "unavailable"
  | "deadline-exceeded"
  | "stale"
  | "fenced"
  | "store-busy"
  | "store-newer"
  | "store-sealed"
  | "store-corrupt"
  | "store-failed"
  | "update-rejected"
  | "query-failed"
  | "closed"
  | "internal";

/**
 * The one table of error codes: what each means for a caller who thinks of trying again.
 * `never`: the same call fails the same way. `later`: after a pause. `now`: at once is fine.
 */
export const errorTable: Readonly<Record<ErrorCode, Retry>> = {
  "invalid-argument": "never",
  unauthenticated: "never",
  forbidden: "never",
  "not-found": "never",
  "already-exists": "never",
  "already-closed": "never",
  conflict: "never",
  nondeterminism: "never",
  "limit-exceeded": "never",
  overloaded: "later",
  unavailable: "later",
  "deadline-exceeded": "later",
  stale: "never",
  fenced: "now",
  "store-busy": "never",
  "store-newer": "never",
  "store-sealed": "never",
  "store-corrupt": "never",
  "store-failed": "later",
  "update-rejected": "never",
  "query-failed": "never",
  closed: "never",
  internal: "never",
};

/**
 * The one base error. What came from a wire, a file or a person is one of these, with a code and
 * a message that says what to do next; what cannot happen is an `invariant`.
 */
export class PerdureError extends Error {
  override readonly name: string = "PerdureError";
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly detail: JsonObject | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { detail?: JsonObject; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retry = errorTable[code];
    this.detail = options.detail;
  }
}

/** An error as data: the cause and the stack stay where it happened, they may hold secrets. */
export interface ErrorData {
  readonly code: ErrorCode;
  /** Says what to do next. */
  readonly message: string;
  readonly retry: Retry;
  readonly detail?: JsonObject;
}

export function errorData({ code, message, retry, detail }: PerdureError): ErrorData {
  return { code, message, retry, ...(detail === undefined ? {} : { detail }) };
}

/** Stops the node before it can write: a broken invariant is a bug, never a user's mistake. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** For the end of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new InvariantError(`no case for ${JSON.stringify(value)}`);
}
