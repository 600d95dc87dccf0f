/** Errors as answers. What is not a PerdureError is ours, and its text stays here (trap T9). */
import { PerdureError } from "@perdure/kernel";
import { httpStatus } from "@perdure/wire";

export function asPerdureError(error: unknown, requestId: string): PerdureError {
  if (error instanceof PerdureError) return error;
  const text = `Something went wrong here: the server's log has it under ${requestId}.`;
  return new PerdureError("internal", text, { cause: error });
}

/** Seconds after which a caller should try again, where that helps. */
export const LATER_S = "1";

export function statusOf(error: PerdureError): number {
  return httpStatus[error.code];
}

export function refusalHeaders(error: PerdureError, requestId: string): Record<string, string> {
  return {
    "perdure-request-id": requestId,
    ...(error.retry === "later" ? { "retry-after": LATER_S } : {}),
    ...(error.code === "unauthenticated" ? { "www-authenticate": "Bearer" } : {}),
  };
}
