/**
 * Keys of HTTP push. One key signs both ways: the server its requests, the app its answers. Its text
 * is `pdp_<kid>_<64 hex digits>`; the kid names it, so that two keys can be good at a time while one
 * takes over from the other.
 */
import { PerdureError } from "@perdure/kernel";

export interface SigningKey {
  readonly kid: string;
  /** 32 bytes. */
  readonly secret: Uint8Array<ArrayBuffer>;
}

const SECRET_BYTES = 32;
const form = /^pdp_([a-z0-9]{1,32})_([0-9a-f]{64})$/;

/** The key that everybody knows: for work on one machine, where both sides have said `insecure`. */
export const insecureKey: SigningKey = {
  kid: "insecure",
  secret: new TextEncoder().encode("perdure: this key is not secret."),
};

/** Draws a key. `random` fills with bytes that nobody can guess, as `crypto.getRandomValues` does. */
export function makeSigningKey(
  kid: string,
  random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>,
): SigningKey {
  return { kid, secret: random(new Uint8Array(SECRET_BYTES)) };
}

export function signingKeyText({ kid, secret }: SigningKey): string {
  return `pdp_${kid}_${toHex(secret)}`;
}

/** The error never repeats the text: it may be a secret with a slip in it. */
export function parseSigningKey(text: string): SigningKey {
  const [, kid, secret] = form.exec(text.trim()) ?? [];
  if (kid !== undefined && secret !== undefined) return { kid, secret: fromHex(secret) };
  const advice = "copy it whole, as `perdure push put` or `perdure push rotate` printed it";
  throw new PerdureError("invalid-argument", `A push key is "pdp_" and two parts: ${advice}.`);
}

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** Of an even number of hex digits. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
