/**
 * What keeps a page in somebody's browser away from a server on their machine (trap T10). A name
 * that an attacker points at 127.0.0.1 shows itself in `Host`, a page in `Origin`; no answer ever
 * carries a CORS header.
 */
import type { IncomingMessage } from "node:http";
import { PerdureError } from "@perdure/kernel";

const here = ["localhost", "127.0.0.1", "[::1]"];

/** `allowed`: more names that this server is called by. Undefined: any. */
export function originCheck(
  allowed: readonly string[] | undefined,
): (request: Pick<IncomingMessage, "headers">) => void {
  if (allowed === undefined)
    return ({ headers }) => refuseForeignOrigin(headers.origin, headers.host);
  const names = new Set([...here, ...allowed.map((name) => name.toLowerCase())]);
  return ({ headers: { host, origin } }) => {
    if (host === undefined || !names.has(nameOf(host))) {
      throw new PerdureError(
        "forbidden",
        'This server is not called by the name in the header "host": use 127.0.0.1, or add the ' +
          "name to allowedHosts.",
      );
    }
    refuseForeignOrigin(origin, host);
  };
}

/** A browser says where a page is from; only pages of this very server may ask. */
function refuseForeignOrigin(origin: string | undefined, host: string | undefined): void {
  if (origin === undefined) return;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  const text = "Pages of other origins may not call this server.";
  throw new PerdureError("forbidden", text);
}

function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d{1,5}$/, "");
}
