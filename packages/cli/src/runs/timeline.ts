/**
 * A run's operations over time, readable in 80 columns: a bar where code was busy, dots where it
 * waited, and under each row what went wrong in it.
 */
import { failureLine, preview } from "../terminal/preview.ts";
import { cut, dim, green, pad, red, styled, widthOf, yellow, type Text } from "../terminal/text.ts";
import { span } from "../terminal/time.ts";
import type { Row, Stretch } from "./operations.ts";

export interface Frame {
  readonly from: number;
  readonly to: number;
  readonly width: number;
}

const NAME_MAX = 28;
const NAME_MIN = 9;
const TOOK = 8;
/** More failures of one row than these are counted, not shown. */
const FAILURES_SHOWN = 3;

export function timeline(rows: readonly Row[], frame: Frame): Text[] {
  const seqWidth = Math.max(3, ...rows.map(({ lastSeq }) => String(lastSeq).length));
  const longest = Math.max(NAME_MIN, ...rows.map((row) => widthOf(nameOf(row))));
  const nameWidth = Math.min(longest, NAME_MAX, Math.floor(frame.width / 3));
  const rest = frame.width - seqWidth - nameWidth - TOOK - 8;
  const barWidth = Math.max(10, Math.floor(rest / 2));
  const noteWidth = Math.max(8, rest - barWidth);
  const head: Text = [
    dim("SEQ".padStart(seqWidth)),
    "  ",
    dim("OPERATION".padEnd(nameWidth)),
    "  ",
    scale(frame, barWidth),
    "  ",
    dim("TOOK".padStart(TOOK)),
  ];
  const indent = " ".repeat(seqWidth + 2);
  return [
    head,
    ...rows.flatMap((row) => [
      [
        dim(String(row.lastSeq).padStart(seqWidth)),
        "  ",
        pad(cut(nameOf(row), nameWidth), nameWidth),
        "  ",
        bar(row, frame, barWidth),
        "  ",
        pad(tookOf(row, frame), TOOK, "right"),
        "  ",
        cut(noteOf(row), noteWidth),
      ],
      ...failures(row).map((line): Text => [indent, cut(line, frame.width - indent.length)]),
    ]),
  ];
}

function nameOf({ key, state, attempts }: Row): Text {
  const times = attempts > 1 ? dim(` ×${attempts}`) : "";
  return state === "cancelled" ? [dim(key), times] : [key, times];
}

function scale({ from, to }: Frame, width: number): Text {
  const end = span(to - from);
  return dim(`0${" ".repeat(Math.max(1, width - 1 - end.length))}${end}`);
}

function bar(row: Row, { from, to }: Frame, width: number): Text {
  const length = Math.max(1, to - from);
  const column = (at: number): number =>
    Math.min(width - 1, Math.max(0, Math.floor(((at - from) / length) * width)));
  const cells: Text[] = Array.from({ length: width }, () => " ");
  for (const stretch of row.stretches) {
    const first = column(stretch.from);
    const last = column(stretch.to ?? to);
    // Short busy stretches are not covered by the wait that follows them.
    const begin = stretch.phase === "waiting" && cells[first] !== " " ? first + 1 : first;
    for (let at = begin; at <= last; at++) cells[at] = glyph(stretch, row);
  }
  for (const { at } of row.failures) cells[column(at)] = red("✗");
  if (row.state === "failed") cells[column(row.stretches.at(-1)?.to ?? to)] = red("✗");
  if (row.state === "open") cells[width - 1] = yellow("▸");
  return cells;
}

function glyph({ phase }: Stretch, { type, state }: Row): Text {
  if (phase === "waiting") return type === "timer" ? dim("─") : dim("·");
  const isMoment = type === "signal" || type === "note";
  if (isMoment) return styled(phase === "failed" ? "red" : "cyan", "◆");
  return state === "failed" ? red("█") : green("█");
}

function tookOf({ type, state, stretches }: Row, { to }: Frame): Text {
  if (type === "signal" || type === "note") return "";
  const first = stretches[0]?.from ?? to;
  const last = stretches.at(-1)?.to ?? to;
  return state === "open" ? yellow(span(to - first)) : span(last - first);
}

function noteOf(row: Row): Text {
  const maybe = row.maybeRan ? yellow("may have run twice ") : "";
  switch (row.state) {
    case "open":
      return [maybe, yellow(openNote(row))];
    case "failed":
      return [maybe, red(row.failure ? failureLine(row.failure) : "failed")];
    case "cancelled":
      return dim("cancelled");
    case "done":
      return [maybe, dim(preview(row.result))];
  }
}

function openNote({ about, stretches, type }: Row): string {
  const isBusy = stretches.at(-1)?.phase === "busy";
  if (type === "timer") return "sleeps";
  if (isBusy) return about === undefined ? "running" : `running (${about})`;
  return about === undefined ? "waiting" : `waits: ${about}`;
}

function failures({ failures: all }: Row): Text[] {
  const shown = all.slice(-FAILURES_SHOWN);
  const hidden = all.length - shown.length;
  return [
    ...(hidden > 0 ? [dim(`  … ${hidden} earlier failed attempts`)] : []),
    ...shown.map(({ attempt, at, failure, retryAt }): Text => [
      red("  ✗ "),
      `attempt ${attempt}: ${failureLine(failure)}`,
      dim(retryAt === undefined ? "" : `; again after ${span(retryAt - at)}`),
    ]),
  ];
}
