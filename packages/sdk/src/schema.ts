/** Validation through the standard-schema interface: zod, valibot, arktype and others fit. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { PerdureError, type ErrorCode } from "@perdure/kernel";

/** Any schema of any library that speaks https://standardschema.dev. */
export type Schema<In = unknown, Out = In> = StandardSchemaV1<In, Out>;
/** What a caller hands in. */
export type SchemaInput<S extends Schema> = StandardSchemaV1.InferInput<S>;
/** What code gets after validation. */
export type SchemaOutput<S extends Schema> = StandardSchemaV1.InferOutput<S>;

/**
 * A type without a check, for declarations where validation is not wanted.
 *
 * ```ts
 * workflow({ name: "job", signals: { nudge: shape<{ by: string }>() } }, …)
 * ```
 */
export function shape<T>(): Schema<T, T> {
  return {
    "~standard": { version: 1, vendor: "perdure", validate: (value) => ({ value: value as T }) },
  };
}

/** The parsed value, or an error that names `what` and the path of every issue. */
export function validate<S extends Schema>(
  schema: S,
  value: unknown,
  what: string,
  code: ErrorCode = "invalid-argument",
): SchemaOutput<S> {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    // Nobody will look at it; a rejection must not end the process.
    result.catch(() => undefined);
    const advice = "make the schema synchronous and do the check in a step";
    throw new PerdureError(code, `${what} has a schema that validates asynchronously; ${advice}`);
  }
  if (!result.issues) return result.value;
  const issues = result.issues.map((issue) => ({ path: pathOf(issue), message: issue.message }));
  const text = issues.map(({ path, message }) => (path ? `${path}: ${message}` : message));
  throw new PerdureError(code, `${what} is not valid: ${text.join("; ")}`, { detail: { issues } });
}

function pathOf(issue: StandardSchemaV1.Issue): string {
  return (issue.path ?? [])
    .map((part) => String(typeof part === "object" ? part.key : part))
    .join(".");
}
