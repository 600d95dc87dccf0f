/**
 * HMAC-SHA-256 and SHA-256. By default by WebCrypto, which every runtime has; `verify` compares in
 * constant time.
 */
import type { SigningKey } from "./key.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Where a signature is computed: a simulator must not wait for another thread. */
export interface Digests {
  mac(key: SigningKey, message: Bytes): Bytes | Promise<Bytes>;
  /** Compares in constant time. */
  isMac(key: SigningKey, given: Bytes, message: Bytes): boolean | Promise<boolean>;
  sha256(bytes: Bytes): Bytes | Promise<Bytes>;
}

const algorithm = { name: "HMAC", hash: "SHA-256" } as const;
const imported = new WeakMap<SigningKey, Promise<CryptoKey>>();

export const MAC_BYTES = 32;

export const webDigests: Digests = {
  mac: async (key, message) =>
    new Uint8Array(await crypto.subtle.sign("HMAC", await cryptoKey(key), message)),
  isMac: async (key, given, message) =>
    crypto.subtle.verify("HMAC", await cryptoKey(key), given, message),
  sha256: async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)),
};

export function joined(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function cryptoKey(key: SigningKey): Promise<CryptoKey> {
  let made = imported.get(key);
  if (made === undefined) {
    made = crypto.subtle.importKey("raw", key.secret, algorithm, false, ["sign", "verify"]);
    imported.set(key, made);
  }
  return made;
}
