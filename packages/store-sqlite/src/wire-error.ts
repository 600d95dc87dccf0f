/** Errors across threads, where classes do not survive. */
import { InvariantError, PerdureError } from "@perdure/kernel";
import type { WireError } from "./messages.ts";
import { adviceFor } from "./sqlite-error.ts";

export function toWireError(error: unknown): WireError {
  if (error instanceof PerdureError) {
    return { code: error.code, message: error.message, detail: error.detail };
  }
  if (error instanceof InvariantError) {
    return { code: "internal", message: error.message, detail: undefined };
  }
  return { code: "store-failed", message: adviceFor(error), detail: undefined };
}

export function fromWireError({ code, message, detail }: WireError): PerdureError {
  return new PerdureError(code, message, detail === undefined ? {} : { detail });
}
