/** Bars on a logarithmic scale, as SVG that is readable on light and dark paper. */
import { figure } from "./text.ts";

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly lowest: number;
  readonly highest: number;
}

export interface Group {
  readonly label: string;
  readonly bars: readonly Bar[];
}

export interface Chart {
  readonly title: string;
  readonly groups: readonly Group[];
}

const width = 860;
const labelWidth = 190;
const valueWidth = 80;
const barHeight = 16;
const barStep = 20;
const groupGap = 30;
const top = 56;

const style = `
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.title { font-size: 16px; font-weight: 600; }
.group { font-weight: 600; }
.tick, .range { stroke: #57606a; }
.tick { stroke-opacity: 0.25; }
.ours { fill: #0969da; }
.peer { fill: #8c959f; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .tick, .range { stroke: #9198a1; }
  .ours { fill: #4493f8; }
  .peer { fill: #656c76; }
}`;

export function barChart({ title, groups }: Chart): string {
  const bars = groups.flatMap((group) => group.bars);
  const scale = scaleOf(bars);
  const parts: string[] = [`<text class="title" x="8" y="24">${escaped(title)}</text>`];
  const drawing: string[] = [];
  let y = top;
  for (const group of groups) {
    drawing.push(`<text class="group" x="8" y="${y + 4}">${escaped(group.label)}</text>`);
    y += 14;
    for (const bar of group.bars) {
      drawing.push(...drawn(bar, y, scale));
      y += barStep;
    }
    y += groupGap;
  }
  const height = y - groupGap + 12;
  for (const tick of scale.ticks) {
    const x = scale.at(tick);
    parts.push(
      `<line class="tick" x1="${x}" x2="${x}" y1="${top - 8}" y2="${height - 8}"/>`,
      `<text x="${x}" y="${top - 13}" text-anchor="middle">${tick.toLocaleString("en-US")}</text>`,
    );
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}\n</style>`,
    ...parts,
    ...drawing,
    "</svg>\n",
  ].join("\n");
}

interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** From the power of ten below the least to the greatest. */
function scaleOf(bars: readonly Bar[]): Scale {
  const values = bars.flatMap(({ lowest, highest }) => [lowest, highest]).filter((one) => one > 0);
  const from = Math.floor(Math.log10(Math.min(...values, 1e9)));
  const to = Math.max(from + 1, Math.log10(Math.max(...values, 0)));
  const room = width - labelWidth - valueWidth;
  const at = (value: number): number => {
    const part = (Math.log10(Math.max(value, 10 ** from)) - from) / (to - from);
    return Math.round((labelWidth + part * room) * 10) / 10;
  };
  const powers = Array.from({ length: Math.floor(to) - from + 1 }, (_, index) => from + index);
  return { at, ticks: powers.map((power) => Number((10 ** power).toPrecision(1))) };
}

function drawn({ label, value, lowest, highest }: Bar, y: number, { at }: Scale): string[] {
  const middle = y + barHeight / 2;
  const of = label.startsWith("perdure") ? "ours" : "peer";
  const end = Math.max(at(value), labelWidth + 1);
  return [
    `<text x="${labelWidth - 8}" y="${y + 13}" text-anchor="end">${escaped(label)}</text>`,
    `<rect class="${of}" x="${labelWidth}" y="${y}" width="${round(end - labelWidth)}" height="${barHeight}" rx="2"/>`,
    `<line class="range" x1="${at(lowest)}" x2="${at(highest)}" y1="${middle}" y2="${middle}"/>`,
    `<text x="${round(Math.max(end, at(highest)) + 6)}" y="${y + 13}">${figure(value)}</text>`,
  ];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
