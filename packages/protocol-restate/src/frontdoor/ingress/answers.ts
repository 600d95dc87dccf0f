/**
 * Answers in Restate's shapes. Where an error comes from is said: a client tries again what the
 * ingress could not do, and never what a handler has decided.
 */
import { PerdureError, type Failure } from "@perdure/kernel";
import { httpStatus } from "@perdure/wire";
import { restateFailureOf } from "../../projection/failures.ts";
import type { DoorAnswer } from "./door-answer.ts";

const JSON_TYPE = { "content-type": "application/json" };
/** Seconds. */
const LATER = "1";

/** Not in HTTP: the invocation is there and has not ended. */
export const NOT_READY = 470;

export interface TerminalFailure {
  readonly code: number;
  readonly message: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export function json(value: unknown, status = 200): DoorAnswer {
  return { status, headers: { ...JSON_TYPE }, body: JSON.stringify(value) };
}

export function accepted(): DoorAnswer {
  return { status: 202, headers: {} };
}

/** How an invocation ended, as its handler said it. */
export function failed(failure: Failure, headers: Readonly<Record<string, string>>): DoorAnswer {
  const { code, message, metadata } = restateFailureOf(failure);
  const words = metadata.length === 0 ? {} : { metadata: Object.fromEntries(metadata.map(pair)) };
  return terminal({ code, message, ...words }, headers);
}

export function terminal(
  failure: TerminalFailure,
  headers: Readonly<Record<string, string>> = {},
): DoorAnswer {
  const body = { ...failure, source: "invocation" };
  const status = failure.code >= 400 && failure.code < 600 ? failure.code : 500;
  return {
    status,
    headers: { ...headers, ...JSON_TYPE, "x-restate-error-source": "invocation" },
    body: JSON.stringify(body),
  };
}

export function refusedWith(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): DoorAnswer {
  return {
    status,
    headers: { ...headers, ...JSON_TYPE, "x-restate-error-source": "ingress" },
    body: JSON.stringify({ code: status, message, source: "ingress" }),
  };
}

/** What is not a PerdureError is ours, and its text stays here (trap T9). */
export function refusal(error: unknown): DoorAnswer {
  if (!(error instanceof PerdureError)) {
    return refusedWith(500, "Something went wrong here: the server's log has it.");
  }
  const later = error.retry === "later" ? { "retry-after": LATER } : {};
  return refusedWith(httpStatus[error.code], error.message, later);
}

function pair({ key, value }: { readonly key: string; readonly value: string }) {
  return [key, value] as const;
}
