/** An explanation as plain lines, the cause first; the command line colours them. */
import { duration } from "./duration.ts";
import { isoTime } from "../machines/schedule/iso-time.ts";
import type { Cure, Explanation, Subject, Waiting } from "./explanation.ts";

export function renderExplanation(
  explanation: Explanation,
  { now }: { readonly now: number },
): string {
  const { status, summary, waiting, more } = explanation;
  const lines = [`${nameOf(explanation.subject)} (${status})`, `  ${summary}`, ""];
  for (const one of waiting) lines.push(...linesOf(one, now, "  "), "");
  if (more !== undefined) lines.push(`  and ${more} more`, "");
  return lines.join("\n").trimEnd();
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

function linesOf(waiting: Waiting, now: number, indent: string): string[] {
  const { text, detail, since, until, lastFailure, failing, next, cures } = waiting;
  const lines = [`${indent}${text}`];
  const add = (line: string): void => void lines.push(`${indent}  ${line}`);
  add(`since   ${isoTime(since)} (${duration(now - since)})`);
  if (until !== undefined) add(`until   ${isoTime(until)} (in ${duration(until - now)})`);
  if (failing) {
    add(
      `failed  ${failing.count} times, first ${isoTime(failing.firstAt)}, last ${isoTime(failing.lastAt)}`,
    );
  }
  if (lastFailure && detail === undefined)
    add(`failure ${lastFailure.code}: ${lastFailure.message}`);
  for (const line of detail?.split("\n") ?? []) add(`        ${line}`.trimEnd());
  const own = next === undefined ? cures : cures.filter((one) => !has(next.cures, one));
  if (next?.waiting[0] !== undefined) {
    lines.push(`${indent}  ${nameOf(next.subject)}`);
    lines.push(...linesOf(next.waiting[0], now, `${indent}    `));
  }
  for (const one of own) lines.push(...lineOf(one, `${indent}  `));
  return lines;
}

function lineOf({ text, command }: Cure, indent: string): string[] {
  return command === undefined
    ? [`${indent}> ${text}`]
    : [`${indent}$ ${command}`, `${indent}    ${text}`];
}

function has(cures: readonly Cure[], one: Cure): boolean {
  return cures.some(({ text, command }) => text === one.text && command === one.command);
}
