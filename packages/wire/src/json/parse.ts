/**
 * JSON from strangers. `JSON.parse` takes lists 100,000 deep and overflows nothing, but whatever
 * walks the value does; it makes `Infinity` of 1e400, which no JSON can say again. So the depth is
 * counted before, and numbers and texts are looked at while parsing.
 */
import { PerdureError, type Json } from "@perdure/kernel";
import { wireLimits } from "../limits.ts";

const strict = new TextDecoder("utf-8", { fatal: true });

export interface JsonBounds {
  /** Default: `wireLimits.jsonBytes`. */
  readonly bytes?: number;
  /** Default: `wireLimits.jsonDepth`. */
  readonly depth?: number;
}

/** `what` names the text in errors, as in "the body". */
export function parseJson(
  text: string | Uint8Array,
  what: string,
  { bytes = wireLimits.jsonBytes, depth = wireLimits.jsonDepth }: JsonBounds = {},
): Json {
  if (text.length > bytes) {
    const error = `${what} has ${text.length} bytes, the limit is ${bytes}: send less at a time.`;
    throw new PerdureError("limit-exceeded", error);
  }
  const source = typeof text === "string" ? text : decode(text, what);
  checkDepth(source, what, depth);
  try {
    return JSON.parse(source, (_, value: Json) => checked(value, what)) as Json;
  } catch (error) {
    if (error instanceof PerdureError) throw error;
    throw malformed(what, error instanceof Error ? error.message : "it cannot be parsed");
  }
}

function decode(bytes: Uint8Array, what: string): string {
  try {
    return strict.decode(bytes);
  } catch {
    throw malformed(what, "it is not UTF-8");
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function checkDepth(text: string, what: string, limit: number): void {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (inText) {
      if (unit === BACKSLASH) i++;
      else if (unit === QUOTE) inText = false;
    } else if (unit === QUOTE) inText = true;
    else if (unit === 0x5b || unit === 0x7b) {
      if (++depth > limit) {
        const error = `${what} is nested more than ${limit} deep: flatten it.`;
        throw new PerdureError("limit-exceeded", error);
      }
    } else if (unit === 0x5d || unit === 0x7d) depth--;
  }
}

function checked(value: Json, what: string): Json {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw malformed(what, "a number in it is too large for a double");
  }
  if (typeof value === "string" && !value.isWellFormed()) {
    throw malformed(what, "a text in it holds half of a surrogate pair");
  }
  return value;
}

function malformed(what: string, why: string): PerdureError {
  return new PerdureError("invalid-argument", `${what} is not JSON as it should be: ${why}.`);
}
