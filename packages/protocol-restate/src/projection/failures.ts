/**
 * Failures of both sides. Restate's have a number, like an HTTP status; the kernel's have a word,
 * or that number as text where they came from Restate.
 */
import { FailureCode, type Failure } from "@perdure/kernel";
import type { Header, ProtocolFailure } from "../messages/messages.ts";

const UINT32_MAX = 0xffff_ffff;
const INTERNAL = 500;
export const CONFLICT = 409;
/** The SDK ends with it what was cancelled. */
export const CANCELLED = 409;

/** The kernel's own words, and those of native code that are plain enough. */
const numbers: ReadonlyMap<string, number> = new Map(
  Object.entries({
    [FailureCode.cancelled]: CANCELLED,
    [FailureCode.terminated]: 409,
    [FailureCode.timedOut]: 408,
    [FailureCode.notFound]: 404,
    [FailureCode.alreadyStarted]: 409,
    [FailureCode.forbidden]: 403,
    [FailureCode.limitExceeded]: 413,
    "already-exists": 409,
    "already-closed": 409,
    conflict: 409,
    "invalid-argument": 400,
    unauthenticated: 401,
    overloaded: 429,
    unavailable: 503,
    "deadline-exceeded": 504,
  }),
);

/** What Restate's tools look for where it was stopped from outside. */
const restateWords: ReadonlyMap<string, string> = new Map(
  Object.entries({
    [FailureCode.cancelled]: "Cancelled",
    [FailureCode.terminated]: "killed",
  }),
);

const kernelWords = new Set(["the run was cancelled", "the run was terminated"]);

export function failureOf({ code, message, metadata }: ProtocolFailure): Failure {
  const failure = { code: String(code), message, retryable: false };
  if (metadata.length === 0) return failure;
  const data = new TextEncoder().encode(JSON.stringify(metadata));
  return { ...failure, details: { encoding: "json", data } };
}

export function restateFailureOf({ code, message, details }: Failure): ProtocolFailure {
  const word = restateWords.get(code);
  const own =
    word === undefined ? message : kernelWords.has(message) ? word : `${word}: ${message}`;
  return { code: numberOf(code), message: own, metadata: metadataIn(details) };
}

function numberOf(code: string): number {
  const number = /^\d{1,10}$/.test(code) ? Number(code) : undefined;
  if (number !== undefined && number <= UINT32_MAX) return number;
  return numbers.get(code) ?? INTERNAL;
}

/** Native code keeps details of its own there, which are no metadata. */
function metadataIn(details: Failure["details"]): readonly Header[] {
  if (details?.encoding !== "json") return [];
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(details.data));
    return Array.isArray(parsed) && parsed.every(isHeader) ? parsed : [];
  } catch {
    return [];
  }
}

function isHeader(value: unknown): value is Header {
  if (typeof value !== "object" || value === null) return false;
  const { key, value: text } = value as Record<string, unknown>;
  return typeof key === "string" && typeof text === "string";
}
