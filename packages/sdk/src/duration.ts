/** Spans of time as people write them. */
import { PerdureError } from "@perdure/kernel";

/**
 * Milliseconds, or text made of numbers with units from the largest to the smallest:
 * `"250ms"`, `"30s"`, `"1.5h"`, `"1h30m"`, `"3d"`, `"2w"`.
 */
export type Duration = number | string;

const unitMs: Readonly<Record<string, number>> = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
};

const PART = /(\d+(?:\.\d+)?)\s*(ms|[wdhms])\s*/gy;

/** The duration in whole milliseconds, not negative. */
export function durationMs(duration: Duration): number {
  if (typeof duration === "string") return Math.round(parse(duration));
  if (Number.isFinite(duration) && duration >= 0) return Math.round(duration);
  throw bad(`${duration} is not a duration: give milliseconds from 0 on`);
}

function parse(text: string): number {
  const trimmed = text.trim();
  let total = 0;
  let end = 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (const [part, amount, unit = ""] of trimmed.matchAll(PART)) {
    const size = unitMs[unit] ?? 0;
    if (size >= smallest) throw bad(`"${text}" names its units out of order, as in "1h30m"`);
    smallest = size;
    total += Number(amount) * size;
    end += part.length;
  }
  if (end === 0 || end !== trimmed.length) {
    throw bad(`"${text}" is not a duration: write "250ms", "30s", "1h30m", "3d" or "2w"`);
  }
  return total;
}

/** A moment as ms since epoch. */
export function momentMs(moment: Date | number): number {
  const ms = typeof moment === "number" ? moment : moment.getTime();
  if (Number.isFinite(ms)) return Math.round(ms);
  throw bad("this date is invalid: give a Date or milliseconds since 1970");
}

function bad(message: string): PerdureError {
  return new PerdureError("invalid-argument", message);
}
