/** A crash test's report for a terminal. */
import { count, indent, paint, visible, type Paint, type TextOptions } from "../report/text.ts";
import type { CrashFigures, CrashReport, Finding } from "./report.ts";

export function renderCrashTest(report: CrashReport, options: TextOptions = {}): string {
  const ink = paint(options);
  const { workflow, ending, findings, notes, figures, isSafe } = report;
  const title = `${ink.strong(visible(workflow))}: left alone, it ${visible(ending)}`;
  const verdict =
    isSafe || findings.length === 0
      ? ink.good("✓ no findings")
      : ink.bad(`✗ ${count(findings.length, "finding")}`);
  return `${[
    title,
    ...findings.map((finding) => findingText(finding, ink)),
    ...notes.map((note) => ink.warn(`• ${visible(note)}`)),
    `${verdict}\n${indent(figuresText(figures).join("\n"), "  ")}`,
  ].join("\n\n")}\n`;
}

export function figuresText(figures: CrashFigures): string[] {
  const { scenarios, positions, kills, gaps, failures, cancellations, missed } = figures;
  const lines = [
    `${count(scenarios, "scenario")} in ${figures.seconds.toFixed(1)} s`,
    `${count(positions, "journal position")}, killed after each (${count(kills, "kill")}: events that become durable together are one place)`,
    `${count(gaps, "gap")} between doing and recording, killed in each`,
    `${count(failures, "step")} failed for good, ${count(cancellations, "cancellation")}, ${count(figures.undosTaken, "undo", "undos")} taken`,
    `${count(figures.repeatedSteps, "step")} ran again after having acted`,
  ];
  if (missed > 0) lines.push(`${count(missed, "scenario")} never came to its place`);
  return lines;
}

function findingText(
  { kind, title, details, at, times, scenario, fix }: Finding,
  ink: Paint,
): string {
  const lines = [
    `${ink.bad("✗")} ${ink.strong(visible(title))} ${ink.faint(`[${kind}]`)}`,
    ...(at === undefined ? [] : [`  at ${visible(at)}`]),
    ...details.map((detail) => `  ${visible(detail)}`),
    `  ${ink.faint(`${count(times, "scenario")}; first: ${visible(scenario)}`)}`,
    `  ${ink.good("fix:")} ${visible(fix)}`,
  ];
  return lines.join("\n");
}
