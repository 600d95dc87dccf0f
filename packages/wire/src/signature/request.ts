/**
 * A signed request, as one header field: `perdure-signature: v=1,kid=…,for=…,to=…,t=…,n=…,mac=…`.
 *
 * G1  The MAC covers everything that gives the request its meaning: version, key, purpose, endpoint,
 *     time, nonce and the body's hash. Method and URL are not in it: proxies rewrite them.
 * G2  A request counts once: its nonce is remembered for as long as its time is acceptable, and only
 *     once its MAC was found right, so that strangers cannot fill the memory.
 * G3  A clock may be off by the window, either way.
 */
import { PerdureError } from "@perdure/kernel";
import { wireLimits } from "../limits.ts";
import { webDigests, type Digests } from "./hmac.ts";
import { fromHex, toHex, type SigningKey } from "./key.ts";
import type { NonceStore } from "./nonces.ts";

export const signatureHeader = "perdure-signature";

/** What a request is for: a signature for one thing is good for no other. */
export type Purpose = "describe" | "exchange" | "task";

export interface RequestClaims {
  readonly purpose: Purpose;
  /** The id under which the server knows the endpoint. */
  readonly endpoint: string;
  /** Ms since epoch. */
  readonly at: number;
  /** 32 hex digits, never the same twice. */
  readonly nonce: string;
}

export interface SignedRequest extends RequestClaims {
  readonly key: SigningKey;
  /** The answer's chain begins with it. */
  readonly mac: Uint8Array<ArrayBuffer>;
}

export interface VerifyOptions {
  /** All that are good now; more than one while keys change. */
  readonly keys: readonly SigningKey[];
  readonly now: number;
  readonly nonces: NonceStore;
  /** Default: `wireLimits.pushWindowMs`. */
  readonly windowMs?: number;
  /** Default: WebCrypto. */
  readonly digests?: Digests;
}

const form =
  /^v=1,kid=([a-z0-9]{1,32}),for=(describe|exchange|task),to=([A-Za-z0-9_-]{1,64}),t=(\d{1,15}),n=([0-9a-f]{32}),mac=([0-9a-f]{64})$/;

export async function signRequest(
  key: SigningKey,
  claims: RequestClaims,
  body: Uint8Array<ArrayBuffer>,
  digests: Digests = webDigests,
): Promise<{ readonly header: string; readonly signed: SignedRequest }> {
  const signature = await digests.mac(key, await message(key.kid, claims, body, digests));
  const { purpose, endpoint, at, nonce } = claims;
  const fields = `v=1,kid=${key.kid},for=${purpose},to=${endpoint},t=${at},n=${nonce}`;
  return {
    header: `${fields},mac=${toHex(signature)}`,
    signed: { ...claims, key, mac: signature },
  };
}

/** Throws `unauthenticated`; `detail.reason` says what is wrong. */
export async function verifyRequest(
  header: string | null,
  body: Uint8Array<ArrayBuffer>,
  { keys, now, nonces, windowMs = wireLimits.pushWindowMs, digests = webDigests }: VerifyOptions,
): Promise<SignedRequest> {
  if (header === null) throw refused("unsigned", `the request has no ${signatureHeader} header`);
  const [, kid, purpose, endpoint, time, nonce, signature] = form.exec(header) ?? [];
  if (signature === undefined || endpoint === undefined || nonce === undefined) {
    throw refused("malformed", `the ${signatureHeader} header is not one of version 1`);
  }
  const key = keys.find((candidate) => candidate.kid === kid);
  if (!key) throw refused("unknown-key", `no key "${kid}" is known here: give the app the new key`);
  const at = Number(time);
  const claims: RequestClaims = { purpose: purpose as Purpose, endpoint, at, nonce };
  const given = fromHex(signature);
  const covered = await message(key.kid, claims, body, digests);
  const isRight = await digests.isMac(key, given, covered);
  if (!isRight) throw refused("wrong-mac", "the signature does not fit the request");
  const offMs = Math.abs(now - at);
  if (offMs > windowMs) {
    const text = `its time is ${offMs} ms from the clock here, more than ${windowMs}: set the clocks`;
    throw refused("outside-window", text);
  }
  const isFresh = await nonces.claim(nonce, at + windowMs, now);
  if (!isFresh) throw refused("replayed", "a request with its nonce has been here before");
  return { ...claims, key, mac: given };
}

async function message(
  kid: string,
  { purpose, endpoint, at, nonce }: RequestClaims,
  body: Uint8Array<ArrayBuffer>,
  digests: Digests,
): Promise<Uint8Array<ArrayBuffer>> {
  const hash = toHex(await digests.sha256(body));
  const lines = ["perdure-push/1 request", kid, purpose, endpoint, String(at), nonce, hash];
  return new TextEncoder().encode(lines.join("\n"));
}

function refused(reason: string, why: string): PerdureError {
  return new PerdureError("unauthenticated", `The push request is refused: ${why}.`, {
    detail: { reason },
  });
}
