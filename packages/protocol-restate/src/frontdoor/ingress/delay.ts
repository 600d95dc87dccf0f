/** `?delay=`: `10s`, `1h 30m`, `500ms`, or ISO 8601 as in `PT10S`. */
import { PerdureError } from "@perdure/kernel";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
// Months and years are a mean of the calendar's, as in Rust's humantime, which clients write for.
const MONTH = 30.44 * DAY;
const YEAR = 365.25 * DAY;

const units: ReadonlyMap<string, number> = new Map(
  (
    [
      [1e-6, "nsec", "ns"],
      [1e-3, "usec", "us"],
      [1, "msec", "ms"],
      [SECOND, "seconds", "second", "sec", "s"],
      [MINUTE, "minutes", "minute", "min", "m"],
      [HOUR, "hours", "hour", "hr", "h"],
      [DAY, "days", "day", "d"],
      [7 * DAY, "weeks", "week", "w"],
      [MONTH, "months", "month", "M"],
      [YEAR, "years", "year", "y"],
    ] as const
  ).flatMap(([ms, ...names]) => names.map((name) => [name, ms] as const)),
);

/** A hundred years. */
const MAX_MS = 3_155_760_000_000;
const MAX_CHARS = 100;
const ISO =
  /^P(?!$)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?!$)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i;
const ISO_UNITS = [YEAR, MONTH, 7 * DAY, DAY, HOUR, MINUTE, SECOND];
const WORDS = /^(?:\d+ *[a-zA-Z]+ *)+$/;

/** In ms. Throws `invalid-argument`. */
export function parseDelay(text: string): number {
  const ms = text.length > MAX_CHARS ? undefined : (isoMs(text) ?? wordsMs(text));
  if (ms !== undefined && ms <= MAX_MS) return Math.ceil(ms);
  throw new PerdureError(
    "invalid-argument",
    `The delay "${text.slice(0, MAX_CHARS)}" is none: write it as 10s, 500ms, "1h 30m" or PT10S, ` +
      "and no longer than a hundred years.",
  );
}

function isoMs(text: string): number | undefined {
  const parts = ISO.exec(text);
  if (parts === null) return undefined;
  return ISO_UNITS.reduce((sum, ms, at) => sum + Number(parts[at + 1] ?? 0) * ms, 0);
}

function wordsMs(text: string): number | undefined {
  if (!WORDS.test(text.trim())) return undefined;
  let sum = 0;
  for (const [, count, unit = ""] of text.matchAll(/(\d+) *([a-zA-Z]+)/g)) {
    const ms = units.get(unit);
    if (ms === undefined) return undefined;
    sum += Number(count) * ms;
  }
  return sum;
}
