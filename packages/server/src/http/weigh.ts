/** About how many bytes a value will take as JSON, without writing it. */
export function weigh(value: unknown): number {
  if (typeof value === "string") return value.length + 2;
  if (value instanceof Uint8Array) return Math.ceil((value.length * 4) / 3) + 2;
  if (typeof value !== "object" || value === null) return 8;
  let bytes = 2;
  for (const [name, field] of Object.entries(value)) bytes += name.length + 4 + weigh(field);
  return bytes;
}
