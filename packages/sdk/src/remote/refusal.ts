/** Answers that are not what was asked for: the engine's errors, a proxy's, a stranger's. */
import { PerdureError, type Json } from "@perdure/kernel";
import { errorFromJson, parseJson, type Operation } from "@perdure/wire";
import type { Address } from "./address.ts";
import { remoteLimits } from "./limits.ts";
import type { Incoming } from "./transport.ts";

export interface Refusal {
  readonly error: PerdureError;
  /** Said by a Perdure server; else by something between, or by another server. */
  readonly isOurs: boolean;
  readonly isTransient: boolean;
  readonly mayBeDone: boolean;
  /** As `Retry-After` says. */
  readonly waitMs?: number;
}

const EXCERPT_CHARS = 120;

export function readRefusal(operation: Operation, address: Address, incoming: Incoming): Refusal {
  const { status } = incoming;
  const known = errorOf(incoming);
  const waitMs = retryAfterMs(incoming.header("retry-after"));
  return {
    error: known ?? foreignError(operation, address, incoming),
    isOurs: known !== undefined,
    // A gateway's 502 and 504; the 504 of ours says that a worker did not answer.
    isTransient:
      status === 429 || status === 503 || (known === undefined && [502, 504].includes(status)),
    // 429 is said before anything is done. A 503 may come from an engine that fell while at it.
    mayBeDone: status >= 500,
    ...(waitMs === undefined ? {} : { waitMs }),
  };
}

/** What answers is not a Perdure server, or not one this version understands. */
export function wrongAnswer(operation: Operation, address: Address, why: string): PerdureError {
  const text =
    `${address.origin}${address.base} does not answer ${operation} as a Perdure server does ` +
    `(${why}): check the URL, and that the server's version is this one or later.`;
  return new PerdureError("internal", text);
}

function errorOf({ body }: Incoming): PerdureError | undefined {
  let json: Json;
  try {
    json = parseJson(body, "the answer");
  } catch {
    return undefined;
  }
  return errorFromJson(json);
}

function foreignError(operation: Operation, address: Address, incoming: Incoming): PerdureError {
  const { status, body, header } = incoming;
  const where = header("location");
  if (status >= 300 && status < 400 && where !== undefined) {
    const text = `it redirects to ${where.slice(0, EXCERPT_CHARS)}, which would be given the API key`;
    return wrongAnswer(operation, address, text);
  }
  const text = typeof body === "string" ? body : new TextDecoder().decode(body);
  const excerpt = text.slice(0, EXCERPT_CHARS).trim();
  return wrongAnswer(operation, address, `status ${status}: ${JSON.stringify(excerpt)}`);
}

/** RFC 9110, section 10.2.3; only its seconds are understood. */
function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined || !/^\d{1,9}$/.test(header)) return undefined;
  return Math.min(Number(header) * 1000, remoteLimits.retryAfterMs);
}
