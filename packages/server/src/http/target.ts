/**
 * The request's target, as it was sent, before any router or URL parser has tidied it. Every path
 * of the API consists of words and ids with a fixed alphabet, so nothing in a path needs escaping;
 * an encoded slash, a dot segment or a NUL is somebody who tries (trap T6).
 */
import { PerdureError } from "@perdure/kernel";

const PATH = /^(?:\/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)+$/;

export function checkTarget(target: string, maxChars: number): void {
  if (target.length > maxChars) {
    const text = `The URL has ${target.length} characters, the limit is ${maxChars}: shorten it.`;
    throw new PerdureError("limit-exceeded", text);
  }
  const path = target.split("?", 1)[0] ?? "";
  if (path !== "/" && !PATH.test(path)) {
    const text =
      'A path here has letters, digits, single dots, "_" and "-" between slashes, and nothing ' +
      "encoded: send ids that hold other characters in the query or the body.";
    throw new PerdureError("invalid-argument", text);
  }
  if (/%00|[^\u0021-\u007e]/.test(target)) {
    throw new PerdureError(
      "invalid-argument",
      "The URL holds a NUL or a character it must encode.",
    );
  }
}
