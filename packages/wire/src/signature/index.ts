export { FrameOpener, FrameSealer } from "./chain.ts";
export type { Digests } from "./hmac.ts";
export {
  insecureKey,
  makeSigningKey,
  parseSigningKey,
  signingKeyText,
  toHex,
  type SigningKey,
} from "./key.ts";
export { MemoryNonces, type NonceStore } from "./nonces.ts";
export {
  signatureHeader,
  signRequest,
  verifyRequest,
  type Purpose,
  type RequestClaims,
  type SignedRequest,
  type VerifyOptions,
} from "./request.ts";
