/** Signatures at once: what WebCrypto computes in another thread, the seed could not order. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Digests } from "@perdure/wire";

export const digests: Digests = {
  mac: ({ secret }, message) =>
    new Uint8Array(createHmac("sha256", secret).update(message).digest()),
  isMac: ({ secret }, given, message) => {
    const right = createHmac("sha256", secret).update(message).digest();
    return given.length === right.length && timingSafeEqual(given, right);
  },
  sha256: (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()),
};
