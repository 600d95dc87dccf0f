/** What of a request's header goes to the handler, and is journaled with its input. */
import type { DoorRequest } from "./door-answer.ts";

/**
 * The connection's own, and what is for this server: credentials above all, which would lie in a
 * journal for everybody to read who may read journals (trap T9).
 */
const kept: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "idempotency-key",
  "idempotency-expires",
  "authorization",
  "proxy-authorization",
  "perdure-namespace",
]);

const INGRESS_PATH = "x-restate-ingress-path";

export function handlerHeaders(request: DoorRequest, url: URL): Readonly<Record<string, string>> {
  const headers: Record<string, string> = { [INGRESS_PATH]: url.pathname + url.search };
  for (const [name, value] of request.headers) {
    if (!kept.has(name) && name !== INGRESS_PATH) headers[name] = value;
  }
  return headers;
}
