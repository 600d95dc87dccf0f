/** Figures in words, and tables of them, as the repository's formatter would lay them out. */
import type { Spread } from "../statistics.ts";

/** Three digits that mean something. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 100) return Math.round(value).toLocaleString("en-US");
  const digits = size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toFixed(digits);
}

/** The median, and the range when there is one. */
export function spread(value: Spread | undefined, scale = 1): string {
  if (value === undefined) return "–";
  const [median, low, high] = [value.median, value.lowest, value.highest].map((one) => {
    return figure(one / scale);
  });
  return low === high ? `${median}` : `${median} (${low}–${high})`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) =>
    Math.max(3, ...all.map((row) => (row[column] ?? "").length)),
  );
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}
