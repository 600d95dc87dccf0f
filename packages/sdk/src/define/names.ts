import { limits, PerdureError } from "@perdure/kernel";

/** Names appear in keys, queues and commands of people: short, and without what keys are made of. */
export function checkName(what: string, name: string): void {
  const problem = problemOf(name);
  if (problem === undefined) return;
  throw new PerdureError(
    "invalid-argument",
    `the ${what} name ${JSON.stringify(name)} ${problem}; choose another`,
  );
}

function problemOf(name: string): string | undefined {
  if (typeof name !== "string" || name === "") return "is empty";
  if (name.length > limits.nameChars) return `is longer than ${limits.nameChars} characters`;
  if (name.includes("#")) return 'holds "#", which separates a name from its occurrence in keys';
  if (name.startsWith("$")) return 'begins with "$", which is kept for the engine';
  return undefined;
}
