/** Names of namespaces that mean something. */
import { limits, PerdureError } from "@perdure/kernel";

/** Where a caller is that may name any namespace and names none. */
export const DEFAULT_NAMESPACE = "default";
/** In an admin's credential: the whole server. */
export const EVERY_NAMESPACE = "*";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/** `$` is the system's and `*` is everybody's, so tenants have letters, digits, `_`, `.`, `-`. */
export function checkTenant(namespace: string): string {
  if (namespace.length <= limits.namespaceChars && NAME.test(namespace)) return namespace;
  throw new PerdureError(
    "invalid-argument",
    `A namespace has 1 to ${limits.namespaceChars} letters, digits, "_", "." or "-", and begins ` +
      `with a letter or a digit.`,
  );
}
