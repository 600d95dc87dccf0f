/** An explanation as plain lines, the answer first; the command line colours them. */
import { isoTime } from "../machines/schedule/iso-time.ts";
import { duration } from "./duration.ts";
import type { Cure, Explanation, Subject, Waiting } from "./explanation.ts";

export function renderExplanation(
  explanation: Explanation,
  { now }: { readonly now: number },
): string {
  const { status, summary, waiting, more } = explanation;
  const lines = [`${nameOf(explanation.subject)} (${status})`, `  ${summary}.`];
  // Of the only thing that it waits for the summary has said all.
  const isSaid = waiting.length === 1 && waiting[0]?.next === undefined;
  for (const one of waiting) {
    lines.push("", ...(isSaid ? [] : [`  - ${one.text}`]), ...linesOf(one, now, "    "));
  }
  if (more !== undefined) lines.push("", `  and ${more} more`);
  return lines.join("\n");
}

export function nameOf(subject: Subject): string {
  switch (subject.type) {
    case "run":
      return `run ${subject.runId} of ${subject.workflow}`;
    case "start":
      return `start ${subject.runId} of ${subject.workflow}`;
    case "key":
      return `key ${subject.key.kind}/${subject.key.id}`;
    case "schedule":
      return `schedule ${subject.id}`;
  }
}

/** The facts, the one that is in the way with its own, and the acts. */
function linesOf(waiting: Waiting, now: number, indent: string): string[] {
  const { next, cures } = waiting;
  const lines = factsOf(waiting, now).map((line) => `${indent}${line}`);
  const [first] = next?.waiting ?? [];
  if (next !== undefined && first !== undefined) {
    lines.push(`${indent}- ${nameOf(next.subject)} ${first.text}`);
    lines.push(...linesOf(first, now, `${indent}  `));
  }
  const own = cures.filter((one) => !has(next?.cures ?? [], one));
  for (const one of own) lines.push(...actOf(one).map((line) => `${indent}${line}`));
  return lines;
}

function factsOf({ since, until, failing, lastFailure, detail }: Waiting, now: number): string[] {
  const facts: string[] = [];
  if (since < now) facts.push(`since    ${clock(since)}, ${duration(now - since)} ago`);
  if (until !== undefined) facts.push(`until    ${clock(until)}, in ${duration(until - now)}`);
  if (failing) {
    const { count, firstAt, lastAt } = failing;
    const first = count > 1 ? `${count} times, first ${clock(firstAt)}, last ` : "once, at ";
    facts.push(`failed   ${first}${clock(lastAt)}`);
  }
  if (detail !== undefined) facts.push(...detail.split("\n").map((line) => `  ${line}`));
  else if (lastFailure) facts.push(`failure  ${lastFailure.code}: ${lastFailure.message}`);
  return facts;
}

function actOf({ text, command }: Cure): string[] {
  return command === undefined ? [`> ${text}`] : [`$ ${command}`, `  ${text}`];
}

/** `2030-01-01 00:00:00 UTC`. */
function clock(at: number): string {
  return `${isoTime(at).slice(0, -5).replace("T", " ")} UTC`;
}

function has(cures: readonly Cure[], one: Cure): boolean {
  return cures.some(({ text, command }) => text === one.text && command === one.command);
}
