const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** `93_000` is `1 min 33 s`: the two largest units, for people. */
export function duration(ms: number): string {
  let rest = Math.max(0, Math.round(ms));
  const parts: string[] = [];
  for (const [name, size] of units) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count} ${name}`);
    rest -= count * size;
    if (parts.length === 2) return parts.join(" ");
  }
  return parts.length > 0 ? parts.join(" ") : `${rest} ms`;
}

/** `3 min ago`, for people. */
export function ago(ms: number): string {
  return ms < 1_000 ? "just now" : `${duration(ms)} ago`;
}

/** `since 3 min`, for people. */
export function sinceThen(ms: number): string {
  return ms < 1_000 ? "since this moment" : `since ${duration(ms)}`;
}
