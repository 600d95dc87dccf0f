/** Spans and moments as an engineer reads them at night. */
const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** `1 h 2 m`, `4.2 s`, `12 ms`: the two largest units. */
export function span(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < 1_000) return `${whole} ms`;
  if (whole < 60_000) return `${Number((whole / 1_000).toFixed(whole < 10_000 ? 1 : 0))} s`;
  const at = units.findIndex(([, size]) => whole >= size);
  const [name, size] = units[at] ?? units[3];
  const next = units[at + 1];
  const count = Math.floor(whole / size);
  const rest = next === undefined ? 0 : Math.floor((whole % size) / next[1]);
  return rest === 0 || next === undefined
    ? `${count} ${name}`
    : `${count} ${name} ${rest} ${next[0]}`;
}

/** `3 m ago`, `in 2 h`. */
export function relative(at: number, now: number): string {
  const ms = at - now;
  if (Math.abs(ms) < 1_000) return "now";
  const largest = units.find(([, size]) => Math.abs(ms) >= size) ?? units[3];
  const text = `${Math.round(Math.abs(ms) / largest[1])} ${largest[0]}`;
  return ms < 0 ? `${text} ago` : `in ${text}`;
}

/** `2026-11-26 11:09:16.042Z`. */
export function moment(at: number): string {
  return isMoment(at) ? new Date(at).toISOString().replace("T", " ") : String(at);
}

/** Without the milliseconds. */
export function second(at: number): string {
  return moment(at).replace(/\.\d+Z$/, "Z");
}

function isMoment(at: number): boolean {
  return Number.isFinite(at) && Math.abs(at) <= 8.64e15;
}
