/**
 * Who calls: every request to an endpoint is signed with this server's Ed25519 key, so that an
 * endpoint which knows the public key serves nobody else.
 *
 * A token is for one path and lives a minute; it is used again for half of that.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { SignJWT } from "jose";
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { driverLimits } from "./limits.ts";

const SCHEME = "x-restate-signature-scheme";
const TOKEN = "x-restate-jwt-v1";
const LIFE_S = 60;
const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

export class RequestIdentity {
  /** What endpoints are given: `publickeyv1_…`. */
  readonly publicKey: string;
  readonly #key: KeyObject;
  readonly #env: Env;
  readonly #tokens = new Map<string, { readonly token: string; readonly until: number }>();

  /** `pem`: an Ed25519 private key, PKCS#8. */
  constructor(pem: string, env: Env) {
    this.#key = keyOf(pem);
    this.#env = env;
    const { x = "" } = createPublicKey(this.#key).export({ format: "jwk" });
    this.publicKey = `publickeyv1_${base58(Buffer.from(x, "base64url"))}`;
  }

  /** The headers of a request to this path; prefixes before `/invoke/…` and `/discover` are cut. */
  async headers(path: string): Promise<Readonly<Record<string, string>>> {
    const audience = audienceOf(path);
    const now = this.#env.now();
    const known = this.#tokens.get(audience);
    if (known !== undefined && now < known.until) return headersOf(known.token);
    const atS = Math.floor(now / 1_000);
    const token = await new SignJWT({ aud: audience })
      .setProtectedHeader({ typ: "JWT", alg: "EdDSA", kid: this.publicKey })
      .setIssuedAt(atS)
      .setNotBefore(atS - LIFE_S)
      .setExpirationTime(atS + LIFE_S)
      .sign(this.#key);
    if (this.#tokens.size >= driverLimits.tokens) this.#tokens.clear();
    this.#tokens.set(audience, { token, until: now + driverLimits.tokenMs });
    return headersOf(token);
  }
}

/** Where no key is configured, endpoints are told so. */
export const unsigned: Readonly<Record<string, string>> = { [SCHEME]: "unsigned" };

function headersOf(token: string): Readonly<Record<string, string>> {
  return { [SCHEME]: "v1", [TOKEN]: token };
}

function audienceOf(path: string): string {
  const invoke = /\/invoke\/[^/]+\/[^/]+$/.exec(path);
  if (invoke !== null) return invoke[0];
  return path.endsWith("/discover") ? "/discover" : path;
}

function keyOf(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    throw unreadable(error);
  }
  if (key.asymmetricKeyType !== "ed25519") throw unreadable();
  return key;
}

function unreadable(cause?: unknown): PerdureError {
  const text =
    "The identity key is no Ed25519 private key in PEM: make one with " +
    "`openssl genpkey -algorithm ed25519`.";
  return new PerdureError("invalid-argument", text, cause === undefined ? {} : { cause });
}

function base58(bytes: Uint8Array): string {
  let number = BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`);
  let text = "";
  while (number > 0n) {
    text = (ALPHABET[Number(number % 58n)] ?? "") + text;
    number /= 58n;
  }
  for (const byte of bytes) {
    if (byte !== 0) break;
    text = `1${text}`;
  }
  return text;
}
