/** Which keys a handler takes, and what it takes without any (trap T11). */
import { PerdureError } from "@perdure/kernel";
import { insecureKey, parseSigningKey, type SigningKey } from "@perdure/wire";
import type { PushOptions } from "./options.ts";

export function keysOf({ keys = [], insecure = false }: PushOptions): readonly SigningKey[] {
  const texts = (typeof keys === "string" ? keys.split(/[\s,]+/) : keys).filter(Boolean);
  if (insecure && texts.length > 0) {
    const text = "A push handler has keys or is insecure, not both: leave `insecure` out.";
    throw new PerdureError("invalid-argument", text);
  }
  if (insecure) return [insecureKey];
  if (texts.length > 0) return texts.map(parseSigningKey);
  const advice =
    "give `keys` what `perdure push put` printed, or, on your own machine, `insecure: true`";
  throw new PerdureError(
    "invalid-argument",
    `A push handler without a key would obey anybody: ${advice}.`,
  );
}

/** An insecure handler answers under a loopback name only, and to a loopback peer where it is known. */
export function checkLoopback(request: Pick<Request, "url">, peer: string | undefined): void {
  const { hostname } = new URL(request.url);
  if (isLoopback(hostname) && (peer === undefined || isLoopback(peer))) return;
  const text = "This push handler is insecure and answers on loopback only: give it `keys`.";
  throw new PerdureError("forbidden", text);
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|::ffff:127(\.\d{1,3}){3})$/i.test(host);
}
