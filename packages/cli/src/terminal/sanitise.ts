/**
 * Text from journals, servers and files on its way to a terminal. A payload may hold sequences that
 * move the cursor, retitle the window, write to the clipboard or turn text around; none of them
 * gets through. What cannot be shown is written as JavaScript would escape it, so that nothing
 * vanishes: a hidden character in an id is a finding.
 */

/**
 * C0, DEL and C1 (0x9B alone starts a sequence on some terminals); what turns the direction of text
 * (U+061C, U+200E..F, U+202A..E, U+2066..9); line and paragraph separators; tags, which no font shows;
 * byte order marks; and halves of surrogate pairs.
 */
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}\p{Cs}]/gu;

const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** One line of text that is safe to print. */
export function sanitise(text: string): string {
  return text.replaceAll(UNSAFE, (character) => short[character] ?? escaped(character));
}

/** JSON text with the same characters as escapes of JSON: it is still the same value. */
export function sanitiseJson(json: string): string {
  return json.replaceAll(UNSAFE, (character) =>
    character === "\n"
      ? character
      : [...Array(character.length).keys()].map((at) => unit(character.charCodeAt(at))).join(""),
  );
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x10000 ? unit(code) : `\\u{${code.toString(16)}}`;
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}
