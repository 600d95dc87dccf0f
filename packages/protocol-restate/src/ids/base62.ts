/** Whole numbers of a fixed width in base 62, as Restate's ids write them. */
import { PerdureError } from "@perdure/kernel";

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

export function base62(value: bigint, width: number): string {
  let rest = value;
  let text = "";
  for (let i = 0; i < width; i++) {
    text = DIGITS.charAt(Number(rest % 62n)) + text;
    rest /= 62n;
  }
  return text;
}

/** Undefined: a character is no digit, or the number has more than these bits. */
export function fromBase62(text: string, bits: number): bigint | undefined {
  let value = 0n;
  for (const character of text) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0) return undefined;
    value = value * 62n + BigInt(digit);
  }
  return value >> BigInt(bits) === 0n ? value : undefined;
}

/** `inv_…` ids and their kin are of a person's hand often enough. */
export function badId(what: string, text: string, example: string): PerdureError {
  const shown = text.length > 64 ? `${text.slice(0, 64)}…` : text;
  return new PerdureError(
    "invalid-argument",
    `"${shown}" is no ${what}; it looks like ${example}, copy it as a whole`,
  );
}
