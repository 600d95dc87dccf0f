/** A check's report for a terminal. */
import { count, indent, paint, visible, type Paint, type TextOptions } from "../report/text.ts";
import type { Difference } from "./difference.ts";
import type { CheckReport, DifferingGroup, RunGroup } from "./report.ts";

export function renderCheck(report: CheckReport, options: TextOptions = {}): string {
  const ink = paint(options);
  const parts = [
    report.loading ? loadingText(report.loading, ink) : undefined,
    ...report.groups.map((group) => groupText(group, ink)),
    ...report.withoutCode.map((group) => withoutCodeText(group, ink)),
    unreadableText(report, ink),
    ...report.remarks.map((group) => `${ink.warn("•")} ${runsOf(group)}: ${visible(group.remark)}`),
    summary(report, ink),
  ];
  return `${parts.filter((part) => part !== undefined).join("\n\n")}\n`;
}

export function summary(report: CheckReport, ink: Paint): string {
  const { runs, events, agrees, differs, noCode, unreadable, seconds } = report;
  const figures = [
    `${agrees} ${agrees === 1 ? "agrees" : "agree"}`,
    `${differs} ${differs === 1 ? "differs" : "differ"}`,
    `${noCode} without code`,
    `${unreadable} unreadable`,
  ];
  const line = `${count(runs, "run")} checked (${count(events, "event")}, ${seconds.toFixed(1)} s): ${figures.join(", ")}`;
  return report.isClean ? ink.good(`✓ ${line}`) : ink.bad(`✗ ${line}`);
}

function loadingText({ message, at }: NonNullable<CheckReport["loading"]>, ink: Paint): string {
  const place = at === undefined ? "" : `\n  at ${visible(at)}`;
  return `${ink.bad("✗ the code cannot be loaded")}: ${visible(message)}${place}`;
}

function groupText(group: DifferingGroup, ink: Paint): string {
  const { difference, fix } = group;
  const lines = [
    ink.bad(ink.strong(`✗ ${runsOf(group)}: ${visible(difference.title)}`)),
    indent(sidesText(difference), "  "),
    "",
    ink.faint("  the journal there"),
    ...difference.around.map(({ seq, kind, text, isHere }) => {
      const line = `${isHere ? ">" : " "} ${String(seq).padStart(5)}  ${kind.padEnd(18)} ${visible(text)}`;
      return `  ${isHere ? ink.strong(line) : ink.faint(line)}`;
    }),
    "",
    `  ${ink.good("fix:")} ${visible(fix.text)}`,
  ];
  if (fix.snippet !== undefined) lines.push(indent(visible(fix.snippet), "    "));
  return lines.map((line) => line.trimEnd()).join("\n");
}

function sidesText({ recorded, asked, at, after }: Difference): string {
  const lines = [`recorded: ${visible(recorded)}`, `code:     ${visible(asked)}`];
  if (at !== undefined) lines.push(`at:       ${visible(at)}`);
  if (after !== undefined) lines.push(`after:    ${visible(after)}`);
  return lines.join("\n");
}

function withoutCodeText(group: RunGroup, ink: Paint): string {
  const { workflow } = group;
  const advice = "give the check its definition, or let these runs end on the old code first";
  return `${ink.bad("✗")} ${runsOf(group)}: no code for workflow "${visible(workflow)}"; ${advice}`;
}

function unreadableText({ unreadable, unreadables }: CheckReport, ink: Paint): string | undefined {
  if (unreadable === 0) return undefined;
  const left = unreadable - unreadables.length;
  return [
    ink.bad(`✗ ${count(unreadable, "journal")} cannot be read`),
    ...unreadables.map(({ where, problem }) => `  ${visible(where)}: ${visible(problem)}`),
    ...(left > 0 ? [`  and ${left} more`] : []),
  ].join("\n");
}

function runsOf({ workflow, runs, runIds }: RunGroup): string {
  const [first] = runIds;
  const which = runs === 1 ? `run ${first}` : `${count(runs, "run")}, such as ${first}`;
  return visible(`${workflow}: ${which}`);
}
