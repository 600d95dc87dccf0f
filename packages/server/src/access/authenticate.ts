/**
 * From a request's header to a caller. One way in for every transport: unary, streams, long polls
 * and upgrades all come through here (trap T2).
 */
import { PerdureError } from "@perdure/kernel";
import type { Caller } from "./caller.ts";
import { checkTenant } from "./namespaces.ts";
import type { Role } from "./roles.ts";

/** One kind of credential. Undefined: this one does not vouch for the token. */
export type Verifier = (token: string) => Promise<Caller | undefined>;

export interface Header {
  (name: string): string | undefined;
}

export interface Authenticator {
  /** Throws `unauthenticated`, or `forbidden` when it names a namespace that is not its own. */
  authenticate(header: Header): Promise<Caller>;
}

const BEARER = /^Bearer +([\x21-\x7e]+)$/i;

/** `anonymous`: who a request without a credential is; absent: nobody. */
export function authenticator(verifiers: readonly Verifier[], anonymous?: Caller): Authenticator {
  return {
    async authenticate(header) {
      const caller = await identify(verifiers, header("authorization"), anonymous);
      return within(caller, header("perdure-namespace"));
    },
  };
}

export function checkRole(caller: Caller, roles: readonly Role[]): void {
  if (roles.includes(caller.role)) return;
  const needed = roles.join(", ");
  const text = `The role ${caller.role} may not do this: use a credential with one of: ${needed}.`;
  throw new PerdureError("forbidden", text);
}

async function identify(
  verifiers: readonly Verifier[],
  authorization: string | undefined,
  anonymous: Caller | undefined,
): Promise<Caller> {
  if (authorization === undefined && anonymous !== undefined) return anonymous;
  const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  if (token === undefined) {
    const text = "Send an API key or a token in the header authorization: Bearer <key>.";
    throw new PerdureError("unauthenticated", text);
  }
  for (const verify of verifiers) {
    // The first that knows the token decides.
    const caller = await verify(token);
    if (caller !== undefined) return caller;
  }
  const text =
    "This credential is not known, is revoked, or has expired: ask an admin of the server for a new one.";
  throw new PerdureError("unauthenticated", text);
}

/** The namespace comes from the credential; only an admin of the server may name another. */
function within(caller: Caller, named: string | undefined): Caller {
  if (named === undefined || named === caller.namespace) return caller;
  if (caller.anyNamespace) return { ...caller, namespace: checkTenant(named) };
  throw new PerdureError(
    "forbidden",
    "This credential is for another namespace than the header perdure-namespace names: leave the " +
      "header out, or use a credential of that namespace.",
  );
}
