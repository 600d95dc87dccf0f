/**
 * Values as Restate knows them, which are bytes, as payloads; bytes are never changed.
 *
 * `json` is what plainly looks like it, for people and native code that read it; empty bytes are
 * too, for that is how both sides write that there is no value.
 */
import type { Payload } from "@perdure/kernel";
import { restateFailureOf } from "./failures.ts";
import type { ProtocolFailure, ValueOrFailure } from "../messages/messages.ts";

export function payloadOf(bytes: Uint8Array): Payload {
  return { encoding: looksLikeJson(bytes) ? "json" : "bytes", data: owned(bytes) };
}

const VOID = "void";

/** Where a key has no such state: an empty value is something else. */
export const voidPayload: Payload = { encoding: VOID, data: new Uint8Array(0) };

export function isVoid({ encoding }: Payload): boolean {
  return encoding === VOID;
}

const FAILURE = "failure";
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Where there is room for a payload only: a promise that was rejected. */
export function failurePayload(failure: ProtocolFailure): Payload {
  return { encoding: FAILURE, data: encoder.encode(JSON.stringify(failure)) };
}

export function payloadOfResult(result: ValueOrFailure): Payload {
  return result.type === "value" ? payloadOf(result.value) : failurePayload(result.failure);
}

export function resultOfPayload(payload: Payload): ValueOrFailure {
  const failure = payload.encoding === FAILURE ? failureIn(payload) : undefined;
  return failure === undefined
    ? { type: "value", value: payload.data }
    : { type: "failure", failure };
}

/** Native code may have settled the promise with anything under this encoding. */
function failureIn({ data }: Payload): ProtocolFailure | undefined {
  try {
    const parsed: unknown = JSON.parse(decoder.decode(data));
    if (typeof parsed !== "object" || parsed === null) return undefined;
    const { code, message, metadata } = parsed as Record<string, unknown>;
    if (typeof code !== "number" || typeof message !== "string") return undefined;
    const details = { encoding: "json", data: encoder.encode(JSON.stringify(metadata ?? [])) };
    return restateFailureOf({ code: String(code), message, details });
  } catch {
    return undefined;
  }
}

/** Names of state, as a JSON list. */
export function namesPayload(names: readonly string[]): Payload {
  return { encoding: "json", data: encoder.encode(JSON.stringify(names)) };
}

/** Undefined: it is no list of names. */
export function namesIn({ data }: Payload): readonly string[] | undefined {
  try {
    const parsed: unknown = JSON.parse(decoder.decode(data));
    return Array.isArray(parsed) && parsed.every((name) => typeof name === "string")
      ? parsed
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A small view of a large chunk would keep the whole of it in memory. A view of Node's own kind is
 * written otherwise by those that look at what they are given.
 */
function owned(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, byteLength } = bytes;
  if (buffer.byteLength > 2 * byteLength + 64) return Uint8Array.from(bytes);
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(buffer, byteOffset, byteLength);
}

const quote = 0x22;
const words = ["true", "false", "null"];
const number = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;
const LONGEST_NUMBER = 32;

function looksLikeJson(bytes: Uint8Array): boolean {
  let first = 0;
  let last = bytes.length - 1;
  while (first <= last && isSpace(bytes[first])) first += 1;
  while (last > first && isSpace(bytes[last])) last -= 1;
  if (first > last) return bytes.length === 0;
  const opening = bytes[first];
  const closing = bytes[last];
  if (opening === 0x7b) return closing === 0x7d;
  if (opening === 0x5b) return closing === 0x5d;
  if (opening === quote) return closing === quote && last > first;
  if (last - first >= LONGEST_NUMBER) return false;
  const text = String.fromCharCode(...bytes.subarray(first, last + 1));
  return words.includes(text) || number.test(text);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
