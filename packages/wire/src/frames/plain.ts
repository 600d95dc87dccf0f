/**
 * Plain data as bytes: what `structuredClone` would make of objects, arrays, texts, numbers, booleans,
 * null, undefined and `Uint8Array`. For processes that trust each other; the bytes are walked all the
 * same before anything is made of them.
 */
import { wireLimits } from "../limits.ts";
import { packr } from "./packr.ts";
import { malformed, scan, type ScanRules } from "./scan.ts";

const rules: ScanRules = {
  depth: wireLimits.plainDepth,
  items: wireLimits.plainItems,
  isPlain: true,
};

/** A field that is undefined is left out; an item of a list stays. -0 arrives as 0, as in JSON. */
export function packPlain(value: unknown): Uint8Array {
  return packr.pack(value);
}

/** Throws `invalid-argument` or `limit-exceeded`. */
export function unpackPlain(source: Uint8Array): unknown {
  // A plain view: what is cut from it are plain bytes too.
  const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  scan(bytes, rules);
  try {
    return packr.unpack(bytes);
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : "it cannot be decoded");
  }
}
