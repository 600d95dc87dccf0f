/**
 * JSON Web Tokens of an issuer of yours (RFC 7519; the rules of RFC 8725).
 *
 * J1  The algorithm is one of the configured, never the token's choice: `none` is none of them, and
 *     a shared secret and public keys are never configured together.
 * J2  `iss`, `aud` and `exp` are there and right.
 * J3  Namespace and role come from claims; a token without them, or with others, is nobody.
 */
import { readFileSync } from "node:fs";
import { PerdureError } from "@perdure/kernel";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
} from "jose";
import type { JwtConfig } from "../config/config.ts";
import type { Verifier } from "./authenticate.ts";
import type { Caller } from "./caller.ts";
import { checkTenant, DEFAULT_NAMESPACE, EVERY_NAMESPACE } from "./namespaces.ts";
import { isRole } from "./roles.ts";

export interface JwtParts {
  readonly config: JwtConfig;
  /** Ms since epoch. */
  readonly now: () => number;
}

export function jwtVerifier({ config, now }: JwtParts): Verifier {
  const key = keysOf(config);
  const { issuer, audience, algorithms } = config;
  return async (token) => {
    if (!looksLikeOne(token)) return undefined;
    try {
      const options = {
        issuer,
        audience,
        algorithms: [...algorithms],
        requiredClaims: ["exp", "sub"],
        currentDate: new Date(now()),
      };
      const verified =
        key instanceof Uint8Array
          ? await jwtVerify(token, key, options)
          : await jwtVerify(token, key, options);
      return callerOf(verified.payload, config);
    } catch (error) {
      if (error instanceof errors.JWKSTimeout) throw unreachable(error);
      return undefined;
    }
  };
}

function callerOf(claims: JWTPayload, config: JwtConfig): Caller | undefined {
  const namespace = claims[config.namespaceClaim];
  const role = claims[config.roleClaim];
  if (typeof namespace !== "string" || !isRole(role)) return undefined;
  const anyNamespace = namespace === EVERY_NAMESPACE;
  if (anyNamespace && role !== "admin") return undefined;
  const by = `jwt:${claims.sub}`.slice(0, 200);
  return {
    namespace: anyNamespace ? DEFAULT_NAMESPACE : checkTenant(namespace),
    role,
    id: by,
    by,
    anyNamespace,
  };
}

function keysOf({ secret, jwksFile, jwksUrl }: JwtConfig): Uint8Array | JWTVerifyGetKey {
  if (secret !== undefined) return new TextEncoder().encode(secret);
  if (jwksUrl !== undefined) return createRemoteJWKSet(new URL(jwksUrl));
  const file = jwksFile ?? "";
  try {
    return createLocalJWKSet(JSON.parse(readFileSync(file, "utf8")) as JSONWebKeySet);
  } catch (cause) {
    const text = `jwt.jwksFile: ${file} is not a JWK set: write { "keys": [...] } (RFC 7517).`;
    throw new PerdureError("invalid-argument", text, { cause });
  }
}

function looksLikeOne(token: string): boolean {
  try {
    return typeof decodeProtectedHeader(token).alg === "string";
  } catch {
    return false;
  }
}

function unreachable(cause: Error): PerdureError {
  const text = "The keys of the token's issuer cannot be fetched: try again, or check jwt.jwksUrl.";
  return new PerdureError("unavailable", text, { cause });
}
