/** Whether a body is what a handler said that it takes. */
import { PerdureError } from "@perdure/kernel";
import type { HandlerView } from "../../deployments/deployment.ts";

export function checkBody(
  { input, service, name }: HandlerView,
  contentType: string | undefined,
  isEmpty: boolean,
): void {
  if (input === undefined) return;
  const what = `${service}/${name}`;
  if (isEmpty && contentType === undefined) {
    if (input.required !== true) return;
    throw refused(`${what} needs a body, and the request has none`);
  }
  const expected = input.contentType;
  if (expected === undefined || isEmpty) return;
  if (contentType === undefined) {
    throw refused(`the request says no content-type, and ${what} takes ${expected}`);
  }
  if (fits(expected, contentType)) return;
  throw refused(`the content-type is ${contentType.slice(0, 100)}, and ${what} takes ${expected}`);
}

/** `application/json`, `application/*`, or anything. */
function fits(expected: string, given: string): boolean {
  const [kind, part] = essence(expected).split("/");
  const [givenKind, givenPart] = essence(given).split("/");
  if (kind === "*") return true;
  return kind === givenKind && (part === "*" || part === givenPart);
}

function essence(type: string): string {
  return (type.split(";", 1)[0] ?? "").trim().toLowerCase();
}

function refused(why: string): PerdureError {
  return new PerdureError("invalid-argument", `The body cannot be taken: ${why}.`);
}
