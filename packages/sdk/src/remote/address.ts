/** Where the server is: `https://host:7373`, or with a path in front of the API's own. */
import { PerdureError } from "@perdure/kernel";
import { remoteLimits } from "./limits.ts";

export interface Address {
  /** Scheme, host and port. */
  readonly origin: string;
  /** In front of every path of the API; empty, or begins with a slash and ends without one. */
  readonly base: string;
}

export function addressOf(url: string): Address {
  const parsed = URL.parse(url);
  if (parsed === null) throw unfit(url, "is no URL");
  const { protocol, username, password, search, hash, origin, pathname } = parsed;
  if (protocol !== "http:" && protocol !== "https:") throw unfit(url, "is not http:// or https://");
  if (username !== "" || password !== "") {
    // Not quoted: it holds a secret.
    throw new PerdureError("invalid-argument", "The URL holds a password: give `apiKey` instead.");
  }
  if (search !== "" || hash !== "") throw unfit(url, "has a query or a fragment");
  return { origin, base: pathname.replace(/\/+$/, "") };
}

/** It becomes a header: one line of printable ASCII. */
export function checkApiKey(apiKey: string): void {
  if (/^[\x21-\x7e]+$/.test(apiKey) && apiKey.length <= remoteLimits.apiKeyChars) return;
  const text =
    "The API key is empty, too long, or holds a blank or a character outside ASCII: copy it again.";
  throw new PerdureError("invalid-argument", text);
}

function unfit(url: string, problem: string): PerdureError {
  const advice = 'give the server\'s address, as in "http://localhost:7373"';
  return new PerdureError("invalid-argument", `"${url.slice(0, 200)}" ${problem}: ${advice}.`);
}
