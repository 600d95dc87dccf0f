/** `npm run bench -- report`: tables in README.md, between its marks, and charts, from results/. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readNodes } from "../nodes/record.ts";
import { readAllResults, type Results } from "../results.ts";
import { barChart } from "./chart.ts";
import { chartsOf } from "./charts.ts";
import { nodesSection } from "./nodes-section.ts";
import { contendersSection, section } from "./sections.ts";
import { sizing } from "./sizing.ts";

const begin = "<!-- Written by `npm run bench -- report`. -->";
const end = "<!-- Up to here. -->";

/** `shown`: the folder, as the README's links name it. */
export function writeReport(folder: string, readme: string, shown = "results"): void {
  const results = readAllResults(folder);
  const charts = chartsOf(results);
  for (const [name, chart] of charts) writeFileSync(join(folder, `${name}.svg`), barChart(chart));
  const text = readFileSync(readme, "utf8");
  const nodes = readNodes(folder);
  const report = [
    reportOf(results, [...charts.keys()], shown),
    ...(nodes === undefined ? [] : [nodesSection(nodes)]),
  ];
  writeFileSync(readme, withReport(text, report.join("\n\n")));
}

/** What machines are needed, on a page for those who run it. */
export function writeSizing(folder: string, page: string): void {
  const text = readFileSync(page, "utf8");
  writeFileSync(page, withReport(text, sizing(folder) ?? "It has not been measured yet."));
}

export function reportOf(
  results: readonly Results[],
  charts: readonly string[],
  shown = "results",
): string {
  if (results.length === 0) return "Nothing has been measured yet.";
  return [
    contendersSection(results),
    ...charts.map((name) => `![${name}](${shown}/${name}.svg)`),
    ...results.map(section),
  ].join("\n\n");
}

export function withReport(readme: string, report: string): string {
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no place for the report: ${begin}`);
  return `${readme.slice(0, from + begin.length)}\n\n${report}\n\n${readme.slice(to)}`;
}
