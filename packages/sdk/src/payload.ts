/**
 * Values to payloads and back: JSON in UTF-8, and no bytes at all for `undefined`.
 *
 * What code gets is always the value as the journal holds it, never the object that was handed in:
 * otherwise a first execution and a replay would see different things.
 */
import { limits, PerdureError, type Payload } from "@perdure/kernel";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** So few bytes lie in V8's own heap, and writing them there costs less than a call to the encoder. */
const SHORT = 64;

const nothing: Payload = { encoding: "json", data: new Uint8Array(0) };

export interface Encoded {
  readonly payload: Payload;
  /** The value as a replay will find it. */
  readonly stored: unknown;
}

/** `what` names the value in errors: `the result of step "charge"`. */
export function encode(value: unknown, what: string): Encoded {
  switch (typeof value) {
    case "undefined":
      return { payload: nothing, stored: undefined };
    case "string":
    case "boolean":
      return { payload: toPayload(JSON.stringify(value), what), stored: value };
    case "number":
      if (!Number.isFinite(value)) throw unfit(`${what} is ${value}, which JSON cannot hold`);
      return { payload: toPayload(String(value), what), stored: Object.is(value, -0) ? 0 : value };
    case "object":
      return encodeObject(value, what);
    default:
      throw unfit(`${what} is a ${typeof value}, which JSON cannot hold`);
  }
}

function encodeObject(value: object | null, what: string): Encoded {
  if (value === null) return { payload: toPayload("null", what), stored: null };
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw unfit(`${what} cannot be written as JSON: ${String(error)}`);
  }
  if (text === undefined) return { payload: nothing, stored: undefined };
  return { payload: toPayload(text, what), stored: JSON.parse(text) };
}

export function encodePayload(value: unknown, what: string): Payload {
  return encode(value, what).payload;
}

/** Whoever asks knows the type, or has a schema check it. */
export function decode(payload: Payload | undefined): unknown {
  if (payload === undefined || payload.data.length === 0) return undefined;
  if (payload.encoding === "json") return JSON.parse(decoder.decode(payload.data));
  throw new PerdureError(
    "invalid-argument",
    `this value is encoded as "${payload.encoding}", and this side reads "json" only`,
  );
}

function toPayload(text: string, what: string): Payload {
  const data = toBytes(text);
  if (data.length <= limits.payloadBytes) return { encoding: "json", data };
  throw new PerdureError(
    "limit-exceeded",
    `${what} has ${data.length} bytes, the limit is ${limits.payloadBytes}; store it elsewhere and pass a reference`,
  );
}

function toBytes(text: string): Uint8Array {
  const { length } = text;
  if (length > SHORT) return encoder.encode(text);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) return encoder.encode(text);
    bytes[at] = unit;
  }
  return bytes;
}

function unfit(message: string): PerdureError {
  return new PerdureError("invalid-argument", `${message}; return plain data`);
}
