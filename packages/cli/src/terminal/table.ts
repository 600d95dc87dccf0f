/** Aligned columns without lines between them. */
import { cut, dim, pad, widthOf, type Text } from "./text.ts";

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** Gives way first when the terminal is narrow. */
  readonly flexible?: boolean;
}

const GAP = 2;
const MIN_FLEXIBLE = 8;

/** Lines of a table that is at most `width` wide, where its fixed columns allow. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Text[])[],
  width: number,
): Text[] {
  const titles = columns.map(({ title }) => dim(title));
  const widths = fit(columns, [titles, ...rows], width);
  return [titles, ...rows].map((row) =>
    columns.map(({ align = "left" }, index): Text => {
      const columnWidth = widths[index] ?? 0;
      const cell = cut(row[index] ?? "", columnWidth);
      const isLast = index === columns.length - 1;
      if (isLast && align === "left") return cell;
      return [pad(cell, columnWidth, align), isLast ? "" : " ".repeat(GAP)];
    }),
  );
}

function fit(
  columns: readonly Column[],
  rows: readonly (readonly Text[])[],
  width: number,
): number[] {
  const widths = columns.map((_, index) =>
    rows.reduce((widest, row) => Math.max(widest, widthOf(row[index] ?? "")), 0),
  );
  let excess = widths.reduce((sum, one) => sum + one, 0) + GAP * (columns.length - 1) - width;
  while (excess > 0) {
    // The widest of the flexible ones gives first, so that they end about equally wide.
    const index = widestFlexible(columns, widths);
    const current = widths[index] ?? 0;
    if (index < 0 || current <= MIN_FLEXIBLE) break;
    widths[index] = current - 1;
    excess -= 1;
  }
  return widths;
}

function widestFlexible(columns: readonly Column[], widths: readonly number[]): number {
  let found = -1;
  for (const [index, { flexible }] of columns.entries()) {
    if (flexible && (found < 0 || (widths[index] ?? 0) > (widths[found] ?? 0))) found = index;
  }
  return found;
}
