/**
 * Which credentials a server takes, from its configuration. There is always one, or the server does
 * not start: a server without keys has to be asked for by name (trap T11).
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { PerdureError } from "@perdure/kernel";
import type { Config } from "../config/config.ts";
import type { ApiKeys } from "./api-keys.ts";
import { authenticator, type Authenticator, type Verifier } from "./authenticate.ts";
import type { Caller } from "./caller.ts";
import { jwtVerifier } from "./jwt.ts";
import { DEFAULT_NAMESPACE } from "./namespaces.ts";

export interface Credentials {
  readonly authenticator: Authenticator;
  /** Of doors whose clients know no token: in dev mode whoever is on this machine is let in. */
  readonly local: Authenticator;
  /** In dev mode: what to send, made anew at every start. */
  readonly devToken?: string;
}

export async function credentials(
  config: Config,
  apiKeys: ApiKeys,
  now: () => number,
): Promise<Credentials> {
  const { adminKey, jwt, dev, insecure } = config;
  const verifiers: Verifier[] = [(token) => apiKeys.authenticate(token)];
  if (adminKey !== undefined) verifiers.push(fixed(adminKey, whoIs("admin-key")));
  if (jwt !== undefined) verifiers.push(jwtVerifier({ config: jwt, now }));
  if (insecure) return alike(authenticator(verifiers, whoIs("anonymous")));
  if (dev) {
    const devToken = `pdd_${randomBytes(32).toString("base64url")}`;
    const known = [...verifiers, fixed(devToken, whoIs("dev"))];
    const local = authenticator(known, whoIs("dev"));
    return { authenticator: authenticator(known), local, devToken };
  }
  if (adminKey === undefined && jwt === undefined && !(await apiKeys.any())) throw noAccess();
  return alike(authenticator(verifiers));
}

function alike(one: Authenticator): Credentials {
  return { authenticator: one, local: one };
}

function whoIs(by: string): Caller {
  return { namespace: DEFAULT_NAMESPACE, role: "admin", id: by, by, anyNamespace: true };
}

function fixed(secret: string, caller: Caller): Verifier {
  const expected = digest(secret);
  return async (token) => (timingSafeEqual(digest(token), expected) ? caller : undefined);
}

/** Of equal length, whatever was sent. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function noAccess(): PerdureError {
  return new PerdureError(
    "invalid-argument",
    "Nobody could use this server: it has no API key and no other credential is configured. Make " +
      "a key with `perdure keys generate`, set it as PERDURE_ADMIN_KEY, or set jwt; for a server on this " +
      "machine only, use dev, or insecure to do without.",
  );
}
