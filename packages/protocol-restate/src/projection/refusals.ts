/** What the SDK may not send here and now, in words that say what to do next. */
import { limits } from "@perdure/kernel";
import type { Refusal } from "./state.ts";

/** Thrown inside of this folder, and caught where a message is turned into commands. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.text);
    this.refusal = refusal;
  }
}

/** The SDK's own number for what breaks the protocol. */
const PROTOCOL_VIOLATION = "571";
const UNSUPPORTED = "573";
const NOT_FOUND = "404";
const WRITES_IN_SHARED = "RT0017";
const TOO_LARGE = "RT0003";

export function violation(text: string): Refused {
  return new Refused({ code: PROTOCOL_VIOLATION, text, isPermanent: true });
}

export function unsupported(text: string): Refused {
  return new Refused({ code: UNSUPPORTED, text, isPermanent: true });
}

/** A deployment that brings it may be registered any moment. */
export function unknownService(service: string, handler: string): Refused {
  const text = `no deployment here has the service "${cut(service)}" with a handler "${cut(handler)}", which the code calls: register the deployment that has it`;
  return new Refused({ code: NOT_FOUND, text, isPermanent: false });
}

export function writesInShared(what: string): Refused {
  const text = `the handler is shared, and only exclusive ones may ${what}: make it exclusive, or call one that is`;
  return new Refused({ code: WRITES_IN_SHARED, text, isPermanent: true });
}

/** Restate has no such bound, or another one. */
export function tooLong(what: string, has: number, limit: number): Refused {
  return unsupported(`${what} has ${has} characters, the limit is ${limit}: shorten it`);
}

export function checkBytes(what: string, bytes: Uint8Array): void {
  if (bytes.length <= limits.payloadBytes) return;
  throw new Refused({
    code: TOO_LARGE,
    text: `${what} has ${bytes.length} bytes, the limit is ${limits.payloadBytes}: keep the data elsewhere and pass a reference to it`,
    isPermanent: true,
  });
}

export function checkName(what: string, text: string): void {
  if (text.length === 0) throw unsupported(`${what} is empty: give it one`);
  if (text.length > limits.nameChars) throw tooLong(what, text.length, limits.nameChars);
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
