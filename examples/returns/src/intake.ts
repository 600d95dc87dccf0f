/**
 * Reads a file of return requests, one JSON object a line.
 *
 * Every line ends in exactly one of two lists: accepted, or rejected with its number and a reason.
 * Nothing a line holds can stop the lines after it from being read.
 */
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { ReturnRequest } from "./request.ts";

export const LINE_LIMIT_BYTES = 4096;
const EXCERPT_LIMIT = 80;

/** The day as requests write it. */
export const isoDay = (moment: Date): string => moment.toISOString().slice(0, 10);

export interface Accepted {
  readonly line: number;
  readonly request: ReturnRequest;
}

export interface Rejected {
  readonly line: number;
  readonly reason: string;
  /** The start of the line, for the person who mends the file. */
  readonly excerpt: string;
}

export interface Intake {
  readonly accepted: readonly Accepted[];
  readonly rejected: readonly Rejected[];
}

/** `today` is an ISO date: nothing can have been asked for later than that. */
export function readRequests(file: Uint8Array, today: string): Intake {
  const accepted = new Map<string, Accepted>();
  const rejected: Rejected[] = [];
  for (const [index, bytes] of linesOf(file).entries()) {
    const line = index + 1;
    const reading = readLine(bytes, today);
    if ("reason" in reading) {
      rejected.push({ line, reason: reading.reason, excerpt: excerptOf(bytes) });
      continue;
    }
    const first = accepted.get(reading.request.id);
    if (first === undefined) accepted.set(reading.request.id, { line, request: reading.request });
    else
      rejected.push({ line, reason: duplicate(first, reading.request), excerpt: excerptOf(bytes) });
  }
  return { accepted: [...accepted.values()], rejected };
}

type Reading = { readonly request: ReturnRequest } | { readonly reason: string };

function readLine(bytes: Uint8Array, today: string): Reading {
  if (bytes.length > LINE_LIMIT_BYTES) {
    return { reason: `${bytes.length} bytes; a line may have ${LINE_LIMIT_BYTES}` };
  }
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return { reason: "starts with a byte order mark" };
  }
  let value: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (text.trim() === "") return { reason: "empty line" };
    value = JSON.parse(text);
  } catch (error) {
    return { reason: error instanceof SyntaxError ? `not JSON: ${error.message}` : "not UTF-8" };
  }
  const parsed = ReturnRequest.safeParse(value);
  if (!parsed.success) return { reason: parsed.error.issues.map(sentenceOf).join("; ") };
  const request = parsed.data;
  return request.requestedOn > today ? { reason: "requestedOn: lies in the future" } : { request };
}

function sentenceOf({ path, message }: z.core.$ZodIssue): string {
  return path.length > 0 ? `${path.join(".")}: ${message}` : message;
}

function duplicate(first: Accepted, again: ReturnRequest): string {
  return isDeepStrictEqual(first.request, again)
    ? `the same request as line ${first.line}`
    : `id ${again.id} was used on line ${first.line} for another request`;
}

/** Splits at newlines; the newline that ends the file does not start an empty line. */
function linesOf(file: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  while (start < file.length) {
    const newline = file.indexOf(0x0a, start);
    const end = newline === -1 ? file.length : newline;
    lines.push(file.subarray(start, file[end - 1] === 0x0d && end > start ? end - 1 : end));
    start = end + 1;
  }
  return lines;
}

function excerptOf(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, EXCERPT_LIMIT));
  return bytes.length > EXCERPT_LIMIT ? `${text}…` : text;
}
