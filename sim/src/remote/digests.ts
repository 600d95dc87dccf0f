/**
 * Signatures at once: what WebCrypto computes in another thread, the seed could not order. Nobody
 * here forges one, so a digest of secret and message does; an HMAC's key object costs five of them.
 */
import { hash } from "node:crypto";
import type { Digests } from "@perdure/wire";

export const digests: Digests = {
  mac: ({ secret }, message) => mac(secret, message),
  isMac: ({ secret }, given, message) => Buffer.compare(given, mac(secret, message)) === 0,
  sha256: (bytes) => sha256(bytes),
};

function mac(secret: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer> {
  return sha256(Buffer.concat([secret, message]));
}

function sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hash("sha256", bytes, "buffer"));
}
