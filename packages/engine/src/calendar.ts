/**
 * The kernel's `Calendar`, on croner: cron expressions, calendar fields and intervals.
 *
 * What happens when clocks change (croner's `fixedTimeRule: "no-wildcard"`, near to Vixie cron):
 * a rule that names its seconds, minutes and hours (`30 2 * * *`, `0 2,14 * * *`) comes once a
 * day. In the hour that is skipped in spring it comes at the first moment after the gap; in the
 * hour that is repeated in autumn, the first time only. A rule with a wildcard or a step in them
 * (every 15 minutes, say) goes on in real time: nothing in the gap, both times in the repeated hour.
 * An interval is counted from the epoch and knows no clocks.
 */
import { Cron } from "croner";
import { limits, PerdureError } from "@perdure/kernel";
import type { Calendar, CalendarFields, CalendarSpec } from "@perdure/kernel";

/** Compiled patterns by spec, the oldest leaving first; none stays for a spec with a problem. */
export function createCalendar(): Calendar {
  const compiled = new Map<string, Cron>();

  function rule(spec: Exclude<CalendarSpec, { type: "interval" }>): Cron {
    const name = JSON.stringify(spec);
    const known = compiled.get(name);
    if (known !== undefined) return known;
    const made = compile(spec);
    for (const oldest of compiled.keys()) {
      if (compiled.size < limits.calendarsCached) break;
      compiled.delete(oldest);
    }
    compiled.set(name, made);
    return made;
  }

  return {
    problem: problemOf,
    next(spec, afterMs) {
      // Nothing is due before 1970, and NaN is never.
      if (!(afterMs < LAST_MS)) return undefined;
      const after = Math.max(afterMs, -1);
      if (spec.type === "interval") return nextInterval(spec, after);
      try {
        // oxlint-disable-next-line no-restricted-globals -- croner takes its instants as Date.
        return rule(spec).nextRun(new Date(after))?.getTime();
      } catch {
        return undefined;
      }
    },
  };
}

/** The last instant that a `Date` can name. */
const LAST_MS = 8_640_000_000_000_000;

/** Throws `invalid-argument` with what to write instead. */
export function validateCalendar(spec: CalendarSpec): void {
  const problem = problemOf(spec);
  if (problem !== undefined) throw new PerdureError("invalid-argument", problem);
}

function problemOf(spec: CalendarSpec): string | undefined {
  if (spec.type === "interval") return intervalProblem(spec);
  if (!isTimeZone(spec.timeZone)) {
    return `"${spec.timeZone}" is no time zone: write an IANA name such as "Europe/Berlin" or "UTC".`;
  }
  if (spec.type === "calendar") return fieldsProblem(spec.fields);
  try {
    compile(spec);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^\w+: /, "") : "unreadable";
    return (
      `The cron expression "${spec.expression}" cannot be read (${reason}): write five fields ` +
      `"minute hour day-of-month month day-of-week", six with the second first, or a ` +
      "nickname such as @daily."
    );
  }
}

type Interval = Extract<CalendarSpec, { type: "interval" }>;

function intervalProblem({ everyMs, offsetMs = 0 }: Interval): string | undefined {
  if (!Number.isSafeInteger(everyMs) || everyMs < limits.scheduleEveryMs) {
    return `An interval is a whole number of ms, at least ${limits.scheduleEveryMs}: not ${everyMs}.`;
  }
  if (Number.isSafeInteger(offsetMs)) return undefined;
  return `An interval's offset is a whole number of ms: not ${offsetMs}.`;
}

function nextInterval(spec: Interval, afterMs: number): number | undefined {
  if (intervalProblem(spec) !== undefined) return undefined;
  const { everyMs, offsetMs = 0 } = spec;
  const next = (Math.floor((afterMs - offsetMs) / everyMs) + 1) * everyMs + offsetMs;
  return next <= LAST_MS ? next : undefined;
}

/** Every field with its range, in cron's order. */
const ranges: readonly (readonly [keyof CalendarFields, number, number])[] = [
  ["second", 0, 59],
  ["minute", 0, 59],
  ["hour", 0, 23],
  ["dayOfMonth", 1, 31],
  ["month", 1, 12],
  ["dayOfWeek", 0, 6],
  ["year", 1970, 9999],
];

function fieldsProblem(fields: CalendarFields): string | undefined {
  for (const [name, least, most] of ranges) {
    const values = fields[name];
    if (values === undefined) continue;
    if (values.length === 0) {
      return `The calendar's ${name} matches nothing: leave it out to match all, or list values.`;
    }
    const wrong = values.find((value) => !Number.isInteger(value) || value < least || value > most);
    if (wrong !== undefined) {
      return `The calendar's ${name} is ${wrong}: write whole numbers from ${least} to ${most}.`;
    }
  }
  return undefined;
}

function compile(spec: Exclude<CalendarSpec, { type: "interval" }>): Cron {
  const common = { timezone: spec.timeZone, paused: true, fixedTimeRule: "no-wildcard" } as const;
  if (spec.type === "calendar") {
    // In cron a day of the month or of the week will do; in a calendar every field must match.
    return new Cron(pattern(spec.fields), { ...common, mode: "7-part", domAndDow: true });
  }
  // croner would read a date as a rule that comes once; a start of its own is clearer.
  if (spec.expression.includes(":")) throw new TypeError("it is a time, not a rule");
  return new Cron(spec.expression, { ...common, mode: "5-or-6-parts" });
}

function pattern(fields: CalendarFields): string {
  const values = { ...fields, second: fields.second ?? [0], minute: fields.minute ?? [0] };
  return ranges.map(([name]) => values[name]?.join(",") ?? "*").join(" ");
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
