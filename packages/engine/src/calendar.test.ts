import { describe, expect, test } from "vitest";
import type { CalendarSpec } from "@perdure/kernel";
import { createCalendar, validateCalendar } from "./calendar.ts";

const calendar = createCalendar();

function times(spec: CalendarSpec, after: string, count: number): string[] {
  const found: string[] = [];
  let at: number | undefined = Date.parse(after);
  while (found.length < count) {
    at = calendar.next(spec, at);
    if (at === undefined) break;
    found.push(new Date(at).toISOString().replace(".000Z", "Z"));
  }
  return found;
}

function cron(expression: string, timeZone = "UTC"): CalendarSpec {
  return { type: "cron", expression, timeZone };
}

describe("a daily rule inside the gap of spring comes once, at the first moment after it", () => {
  test.each([
    [
      "America/New_York",
      "30 2 * * *",
      "2026-03-07T12:00Z",
      "2026-03-08T07:00:00Z",
      "2026-03-09T06:30:00Z",
    ],
    [
      "America/Los_Angeles",
      "30 2 * * *",
      "2026-03-07T12:00Z",
      "2026-03-08T10:00:00Z",
      "2026-03-09T09:30:00Z",
    ],
    [
      "Europe/Berlin",
      "30 2 * * *",
      "2026-03-28T12:00Z",
      "2026-03-29T01:00:00Z",
      "2026-03-30T00:30:00Z",
    ],
    [
      "Europe/London",
      "30 1 * * *",
      "2026-03-28T12:00Z",
      "2026-03-29T01:00:00Z",
      "2026-03-30T00:30:00Z",
    ],
    [
      "Australia/Sydney",
      "30 2 * * *",
      "2026-10-03T12:00Z",
      "2026-10-03T16:00:00Z",
      "2026-10-04T15:30:00Z",
    ],
    // Midnight itself is skipped.
    [
      "America/Santiago",
      "0 0 * * *",
      "2026-09-05T12:00Z",
      "2026-09-06T04:00:00Z",
      "2026-09-07T03:00:00Z",
    ],
  ])("%s", (zone, expression, after, first, second) => {
    expect(times(cron(expression, zone), after, 2)).toEqual([first, second]);
  });
});

describe("a daily rule in the repeated hour of autumn comes once, the first time", () => {
  test.each([
    [
      "America/New_York",
      "30 1 * * *",
      "2026-10-31T12:00Z",
      "2026-11-01T05:30:00Z",
      "2026-11-02T06:30:00Z",
    ],
    [
      "America/Los_Angeles",
      "30 1 * * *",
      "2026-10-31T12:00Z",
      "2026-11-01T08:30:00Z",
      "2026-11-02T09:30:00Z",
    ],
    [
      "Europe/Berlin",
      "30 2 * * *",
      "2026-10-24T12:00Z",
      "2026-10-25T00:30:00Z",
      "2026-10-26T01:30:00Z",
    ],
    [
      "Europe/London",
      "30 1 * * *",
      "2026-10-24T12:00Z",
      "2026-10-25T00:30:00Z",
      "2026-10-26T01:30:00Z",
    ],
    [
      "Australia/Sydney",
      "30 2 * * *",
      "2026-04-04T12:00Z",
      "2026-04-04T15:30:00Z",
      "2026-04-05T16:30:00Z",
    ],
    [
      "America/Santiago",
      "30 23 * * *",
      "2026-04-04T12:00Z",
      "2026-04-05T02:30:00Z",
      "2026-04-06T03:30:00Z",
    ],
  ])("%s", (zone, expression, after, first, second) => {
    expect(times(cron(expression, zone), after, 2)).toEqual([first, second]);
  });
});

describe("an hourly rule goes on in real time", () => {
  test.each([
    ["in spring", "2026-03-29T00:30Z", ["2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"]],
    ["in autumn", "2026-10-24T23:30Z", ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"]],
  ])("%s", (_, after, expected) => {
    expect(times(cron("0 * * * *", "Europe/Berlin"), after, 2)).toEqual(expected);
  });
});

describe("a list of hours keeps each of its hours, once a day", () => {
  test("in spring and in autumn", () => {
    const twice = cron("30 2,14 * * *", "Europe/Berlin");
    expect(times(twice, "2026-03-28T20:00Z", 2)).toEqual([
      "2026-03-29T01:00:00Z",
      "2026-03-29T12:30:00Z",
    ]);
    expect(times(twice, "2026-10-24T20:00Z", 2)).toEqual([
      "2026-10-25T00:30:00Z",
      "2026-10-25T13:30:00Z",
    ]);
  });
});

describe("dates", () => {
  test.each<[string, CalendarSpec, readonly string[]]>([
    [
      "a leap day comes every four years",
      cron("0 0 29 2 *"),
      ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"],
    ],
    ["the 30th of February never comes", cron("0 0 30 2 *"), []],
    [
      "the 31st comes in long months only",
      cron("0 0 31 * *"),
      ["2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z"],
    ],
    ["a nickname is a rule", cron("@monthly"), ["2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"]],
    [
      "six fields begin with the second",
      cron("15 30 9 * * *"),
      ["2026-01-01T09:30:15Z", "2026-01-02T09:30:15Z"],
    ],
    [
      "in cron either day will do",
      cron("0 0 13 * 5"),
      ["2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z"],
    ],
    [
      "in calendar fields both days must match",
      {
        type: "calendar",
        timeZone: "UTC",
        fields: { hour: [0], dayOfMonth: [13], dayOfWeek: [5] },
      },
      ["2026-02-13T00:00:00Z", "2026-03-13T00:00:00Z"],
    ],
    [
      "absent seconds and minutes are zero, an absent hour is every hour",
      { type: "calendar", timeZone: "UTC", fields: { dayOfMonth: [2] } },
      ["2026-01-02T00:00:00Z", "2026-01-02T01:00:00Z"],
    ],
    [
      "a calendar of one year ends with it",
      {
        type: "calendar",
        timeZone: "UTC",
        fields: { year: [2026], month: [12], dayOfMonth: [31], hour: [12] },
      },
      ["2026-12-31T12:00:00Z"],
    ],
    [
      "a calendar of a past year has ended",
      { type: "calendar", timeZone: "UTC", fields: { year: [2020] } },
      [],
    ],
    [
      "an interval is aligned to the epoch and its offset",
      { type: "interval", everyMs: 6 * 3_600_000, offsetMs: 900_000 },
      ["2026-01-01T00:15:00Z", "2026-01-01T06:15:00Z"],
    ],
  ])("%s", (_, spec, expected) => {
    expect(times(spec, "2026-01-01T00:00:00Z", 2)).toEqual(expected);
  });

  test("the next time is strictly after, to the millisecond", () => {
    const noon = Date.parse("2026-01-01T12:00:00Z");
    const day = 86_400_000;
    for (const spec of [
      cron("0 12 * * *"),
      { type: "interval", everyMs: day, offsetMs: day / 2 },
    ]) {
      expect(calendar.next(spec as CalendarSpec, noon - 1)).toBe(noon);
      expect(calendar.next(spec as CalendarSpec, noon)).toBe(noon + day);
    }
  });

  test("nothing is due at the end of time, or at no time at all", () => {
    for (const at of [8.64e15, Infinity, NaN]) {
      expect(calendar.next(cron("@daily"), at)).toBeUndefined();
      expect(calendar.next({ type: "interval", everyMs: 1_000 }, at)).toBeUndefined();
    }
    expect(calendar.next(cron("@daily"), -Infinity)).toBe(0);
  });
});

describe("a spec that cannot be read is refused with what to write", () => {
  test.each<[string, CalendarSpec, RegExp]>([
    ["a minute past the hour's end", cron("61 * * * *"), /minute.*61.*write five fields/],
    ["a word", cron("sometimes"), /"sometimes" cannot be read/],
    ["a date", cron("2027-01-01T00:00:00"), /a time, not a rule/],
    ["seven fields", cron("0 0 0 1 1 * 2027"), /5 or 6 parts/],
    ["a time zone of another planet", cron("@daily", "Mars/Base"), /write an IANA name/],
    ["an interval below a second", { type: "interval", everyMs: 999 }, /at least 1000/],
    ["half a millisecond", { type: "interval", everyMs: 1_000.5 }, /whole number/],
    ["an offset that is no number", { type: "interval", everyMs: 1_000, offsetMs: NaN }, /offset/],
    [
      "a 32nd day",
      { type: "calendar", timeZone: "UTC", fields: { dayOfMonth: [1, 32] } },
      /dayOfMonth is 32.*from 1 to 31/,
    ],
    [
      "an empty list",
      { type: "calendar", timeZone: "UTC", fields: { hour: [] } },
      /hour matches nothing/,
    ],
  ])("%s", (_, spec, message) => {
    expect(() => validateCalendar(spec)).toThrow(message);
    expect(calendar.problem(spec)).toMatch(message);
    expect(calendar.next(spec, 0)).toBeUndefined();
  });

  test("an interval of just a second and the last day of a month pass", () => {
    validateCalendar({ type: "interval", everyMs: 1_000 });
    validateCalendar({ type: "calendar", timeZone: "UTC", fields: { dayOfMonth: [31] } });
    validateCalendar(cron("0 0 L * *", "Asia/Kathmandu"));
  });
});
