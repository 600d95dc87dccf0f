const DAY_MS = 86_400_000;

/**
 * What `Date.prototype.toISOString` writes, without a `Date`, which could be asked for the time.
 * The range is `Date`'s: 100,000,000 days on either side of 1970.
 */
export function isoTime(atMs: number): string {
  const days = Math.floor(atMs / DAY_MS);
  const { year, month, day } = civilFromDays(days);
  const ms = atMs - days * DAY_MS;
  const clock = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60];
  const [hour, minute] = clock.map((part) => digits(part, 2));
  const second = `${digits(Math.floor(ms / 1_000) % 60, 2)}.${digits(ms % 1_000, 3)}`;
  return `${isoYear(year)}-${digits(month, 2)}-${digits(day, 2)}T${hour}:${minute}:${second}Z`;
}

/**
 * The proleptic Gregorian date of a day counted from 1970-01-01. Howard Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`: years begin in March, so that
 * the leap day is their last, and repeat every 400 years, the era.
 */
function civilFromDays(days: number): { year: number; month: number; day: number } {
  const fromMarch0000 = days + 719_468;
  const era = Math.floor(fromMarch0000 / 146_097);
  const dayOfEra = fromMarch0000 - era * 146_097;
  const leapDays =
    Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day };
}

/** Years that four digits cannot say have a sign and six. */
function isoYear(year: number): string {
  if (year >= 0 && year <= 9_999) return digits(year, 4);
  return (year < 0 ? "-" : "+") + digits(Math.abs(year), 6);
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, "0");
}
