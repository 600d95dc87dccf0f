/** The facts of a run above its timeline, and its end below it. */
import type { RunView } from "@perdure/engine";
import type { Failure, Outcome } from "@perdure/kernel";
import { failureLine, preview } from "../terminal/preview.ts";
import { bold, cut, cyan, dim, red, wrap, type Text } from "../terminal/text.ts";
import { relative, second, span } from "../terminal/time.ts";
import { statusText } from "./status.ts";

export function headLines({ row, spec }: RunView, now: number, width: number): Text[] {
  const { startedAt, closedAt } = row;
  const took = closedAt === undefined ? "" : `, took ${span(closedAt - startedAt)}`;
  const lines: Text[] = [
    [bold(row.workflow), "  ", row.runId, "  ", statusText(row.status)],
    [dim("started  "), `${second(startedAt)} (${relative(startedAt, now)})${took}`],
  ];
  const facts: [string, string | undefined][] = [
    ["key", row.key === undefined ? undefined : keyName(row.keyKind, row.key)],
    ["queue", row.queue],
    ["version", spec.version],
    ["parent", spec.parent && `${spec.parent.runId} (${spec.parent.key})`],
    ["events", String(row.events)],
  ];
  const known = facts.filter(([, value]) => value !== undefined);
  lines.push(...known.map(([name, value = ""]): Text => [dim(name.padEnd(9)), value]));
  const attributes = Object.keys(row.attributes).length > 0 ? JSON.stringify(row.attributes) : "";
  if (attributes !== "") lines.push(cut([dim("with     "), attributes], width));
  const input = preview(spec.input);
  if (input !== "") lines.push(cut([dim("input    "), input], width));
  return lines;
}

export function outcomeLines(outcome: Outcome, width: number): Text[] {
  switch (outcome.status) {
    case "completed":
      return textBlock("result   ", preview(outcome.output) || "(none)", width);
    case "continued":
      return [[dim("goes on  "), cyan(`perdure runs show ${outcome.runId}`)]];
    case "failed":
    case "cancelled":
    case "terminated":
    case "timedOut":
      return failureLines(outcome.failure, width);
  }
}

function failureLines(failure: Failure, width: number): Text[] {
  const lines: Text[] = wrap(failureLine(failure), width - 9).map((line, index) => [
    dim(index === 0 ? "failure  " : "         "),
    red(line),
  ]);
  const frames = (failure.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  lines.push(...frames.slice(0, 3).map((frame) => cut(["         ", dim(frame.trim())], width)));
  return failure.cause ? [...lines, ...failureLines(failure.cause, width)] : lines;
}

function textBlock(name: string, text: string, width: number): Text[] {
  const indent = " ".repeat(name.length);
  const lines = wrap(text, width - name.length);
  const shown = lines.slice(0, 6);
  const rest = lines.length - shown.length;
  return [
    ...shown.map((line, index): Text => [index === 0 ? dim(name) : indent, line]),
    ...(rest > 0 ? [[indent, dim(`… ${rest} more lines; --json has all`)]] : []),
  ];
}

function keyName(kind: string | undefined, id: string): string {
  return kind === undefined || kind === "workflow" ? id : `${kind}/${id}`;
}
