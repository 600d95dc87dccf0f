/**
 * Targets of Restate's doors, as they were sent. Keys of objects are parts of a path and may hold any
 * character, so a path may be encoded; what tries to be another path is refused (trap T6): dot
 * segments however they are written, empty segments at the beginning, backslashes, NUL.
 */
import { PerdureError } from "@perdure/kernel";

const FORBIDDEN = /[^\u0021-\u007e]|%00|\\|;/i;
/** `.` and `..`, which every URL parser resolves, encoded or not. */
const DOTS = /\/(?:\.|%2e){1,2}(?=\/|$)/i;

export function checkDoorTarget(target: string, maxChars: number): void {
  if (target.length > maxChars) {
    const text = `The URL has ${target.length} characters, the limit is ${maxChars}: shorten it.`;
    throw new PerdureError("limit-exceeded", text);
  }
  const [path = ""] = target.split("?", 1);
  if (!path.startsWith("/") || path.startsWith("//") || DOTS.test(path)) {
    throw refused("has an empty or a dot segment, which would be resolved into another path");
  }
  if (FORBIDDEN.test(path) || /[^\u0021-\u007e]|%00/.test(target)) {
    throw refused("holds a character that it must encode, or a NUL");
  }
}

function refused(why: string): PerdureError {
  return new PerdureError("invalid-argument", `The URL ${why}: encode each part of the path.`);
}
