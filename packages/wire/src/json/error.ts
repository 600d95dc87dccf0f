/** Errors on their way to a caller: one body, and one table from codes to HTTP statuses. */
import {
  errorData,
  errorTable,
  PerdureError,
  type ErrorCode,
  type ErrorData,
  type Json,
  type JsonObject,
} from "@perdure/kernel";

export interface ErrorBody {
  readonly error: ErrorData;
}

/** RFC 9110, section 15. */
export const httpStatus: Readonly<Record<ErrorCode, number>> = {
  "invalid-argument": 400,
  unauthenticated: 401,
  forbidden: 403,
  "not-found": 404,
  "already-exists": 409,
  "already-closed": 409,
  conflict: 409,
  nondeterminism: 409,
  "limit-exceeded": 413,
  overloaded: 429,
  unavailable: 503,
  "deadline-exceeded": 504,
  stale: 409,
  fenced: 503,
  "store-busy": 503,
  "store-newer": 500,
  "store-sealed": 503,
  "store-corrupt": 500,
  "store-failed": 503,
  "update-rejected": 422,
  "query-failed": 422,
  closed: 503,
  internal: 500,
};

export function errorToJson(error: PerdureError): ErrorBody {
  return { error: errorData(error) };
}

/** Undefined: the body is not one of ours. */
export function errorFromJson(body: Json): PerdureError | undefined {
  const error = fieldsOf(body)?.["error"];
  const fields = error === undefined ? undefined : fieldsOf(error);
  const code = fields?.["code"];
  const message = fields?.["message"];
  if (typeof code !== "string" || typeof message !== "string") return undefined;
  const detail = fields?.["detail"];
  const known = detail === undefined ? undefined : fieldsOf(detail);
  return new PerdureError(
    Object.hasOwn(errorTable, code) ? (code as ErrorCode) : "internal",
    message,
    known === undefined ? {} : { detail: known },
  );
}

function fieldsOf(json: Json): JsonObject | undefined {
  return typeof json === "object" && json !== null && !Array.isArray(json)
    ? (json as JsonObject)
    : undefined;
}
