/** Refusals that Restate's tools know by a number. */
import { PerdureError, type ErrorCode } from "@perdure/kernel";

/** `META0004` and its like: https://docs.restate.dev/references/errors lists what each means. */
export function restateError(code: ErrorCode, restateCode: string, message: string): PerdureError {
  return new PerdureError(code, message, { detail: { restateCode } });
}

/** The number that an error carries; undefined: none. */
export function restateCodeOf({ detail }: PerdureError): string | undefined {
  const code = detail?.["restateCode"];
  return typeof code === "string" ? code : undefined;
}
