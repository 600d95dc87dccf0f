/**
 * An explanation on a terminal: the sentence first, then each thing that is waited for, what that
 * waits for in turn, and the commands that cure it, in one piece to be copied.
 */
import { nameOfSubject, type Cure, type Explanation, type Waiting } from "@perdure/kernel";
import type { Context } from "../context.ts";
import { failureLine } from "../terminal/preview.ts";
import { bold, cyan, dim, red, wrap, yellow, type Text } from "../terminal/text.ts";
import { relative, second, span } from "../terminal/time.ts";

interface Frame {
  readonly now: number;
  readonly width: number;
}

export function whyLines(explanation: Explanation, context: Context): Text[] {
  const frame = { now: context.now(), width: context.width };
  const { subject, status, summary, waiting, more } = explanation;
  return [
    [bold(nameOfSubject(subject)), "  ", yellow(status)],
    ...wrap(summary, frame.width),
    ...waiting.flatMap((one): Text[] => ["", ...waitingLines(one, frame, "", isSaid(explanation))]),
    ...(more === undefined ? [] : ["", dim(`and ${more} more, which --json tells`)]),
  ];
}

/** Of the only thing that it waits for the summary has said all. */
function isSaid({ waiting }: Explanation): boolean {
  return waiting.length === 1 && waiting[0]?.next === undefined;
}

function waitingLines(
  waiting: Waiting,
  frame: Frame,
  indent: string,
  isKnown: boolean = false,
): Text[] {
  const { text, since, until, holder, by, cures, next } = waiting;
  const first = next?.waiting[0];
  const own = first === undefined ? cures : cures.filter((cure) => !isAmong(first.cures, cure));
  const facts: Text[] = [
    fact("since", `${second(since)} (${relative(since, frame.now)})`),
    ...(until === undefined
      ? []
      : [fact("until", `${second(until)} (${relative(until, frame.now)})`)]),
    ...(holder === undefined ? [] : [fact("held by", holder)]),
    ...(by === undefined ? [] : [fact("by", by)]),
    ...failureFacts(waiting, frame, indent),
  ];
  return [
    ...(isKnown ? [] : bullet(`${indent}•`, text, frame.width)),
    ...facts.map((line): Text => [`${indent}  `, line]),
    ...(next === undefined || first === undefined
      ? []
      : [
          [`${indent}  `, dim("because "), bold(nameOfSubject(next.subject))],
          ...waitingLines(first, frame, `${indent}  `),
        ]),
    ...own.flatMap((cure) => cureLines(cure, frame, `${indent}  `)),
  ];
}

function failureFacts(waiting: Waiting, { width }: Frame, indent: string): Text[] {
  const { failing, lastFailure, detail } = waiting;
  const lines: Text[] = [];
  if (failing) {
    const { count, firstAt, lastAt } = failing;
    const over = lastAt > firstAt ? ` over ${span(lastAt - firstAt)}` : "";
    lines.push(
      fact("failed", `${count} time${count === 1 ? "" : "s"}${over}, last ${second(lastAt)}`),
    );
  }
  if (detail !== undefined) {
    lines.push(...detail.split("\n").map((line): Text => ["          ", diffLine(line)]));
  } else if (lastFailure) {
    const wrapped = wrap(failureLine(lastFailure), width - indent.length - 12);
    lines.push(...wrapped.map((line, at) => fact(at === 0 ? "failure" : "", red(line))));
  }
  return lines;
}

function fact(name: string, value: Text): Text {
  return [dim(name.padEnd(9)), " ", value];
}

function diffLine(line: string): Text {
  if (line.startsWith("+")) return cyan(line);
  return line.startsWith("-") ? red(line) : dim(line);
}

/** A command is not broken over lines: it is there to be copied. */
function cureLines({ text, command }: Cure, { width }: Frame, indent: string): Text[] {
  if (command === undefined) return bullet(`${indent}→`, text, width);
  return [[`${indent}$ `, cyan(command)], ...bullet(`${indent}   `, text, width).map(dimmed)];
}

function dimmed(line: string): Text {
  return dim(line);
}

function bullet(mark: string, text: string, width: number): string[] {
  const indent = " ".repeat(mark.length + 1);
  return wrap(text, Math.max(20, width - indent.length)).map((line, index) =>
    index === 0 ? `${mark} ${line}` : `${indent}${line}`,
  );
}

function isAmong(cures: readonly Cure[], cure: Cure): boolean {
  return cures.some(({ text, command }) => text === cure.text && command === cure.command);
}
