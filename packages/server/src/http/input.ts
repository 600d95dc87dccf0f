/** What a schema makes of what came, and one sentence that names the field when it does not fit. */
import { PerdureError } from "@perdure/kernel";
import type { core, ZodType } from "zod";

/** `what` begins the sentence, as in "the body". */
export function checkInput<T>(schema: ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new PerdureError("invalid-argument", sentence(what, result.error.issues));
}

const SHOWN = 5;

function sentence(what: string, issues: readonly core.$ZodIssue[]): string {
  const problems = issues.slice(0, SHOWN).flatMap((issue) => problemsOf(issue, []));
  const more = issues.length > SHOWN ? ` (and ${issues.length - SHOWN} more)` : "";
  return `${upper(what)} is not as it should be: ${problems.join("; ")}${more}.`;
}

/** Of a union, only the branch that fits best is told. */
function problemsOf(issue: core.$ZodIssue, path: readonly PropertyKey[]): readonly string[] {
  const at = [...path, ...issue.path];
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const best = issue.errors.reduce((a, b) => (b.length < a.length ? b : a));
    return best.slice(0, 1).flatMap((inner) => problemsOf(inner, at));
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `unknown field ${nameOf([...at, key])}`);
  }
  const { message } = issue;
  return [at.length === 0 ? lower(message) : `${nameOf(at)}: ${lower(message)}`];
}

/** A hostile name is cut, so that an error stays a sentence. */
function nameOf(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String).join(".").slice(0, 120));
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
