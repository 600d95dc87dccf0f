/** What arrives over a network: a copy, and of plain data only. Anything else is a programming error. */
export function plainCopy<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (typeof value === "function" || typeof value === "symbol") throw notPlain(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map(copy);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw notPlain(value);
  const copied: Record<string, unknown> = {};
  for (const name of Object.keys(value)) copied[name] = copy(value[name as keyof typeof value]);
  return copied;
}

function notPlain(value: unknown): TypeError {
  return new TypeError(`nodes say plain data to each other, not ${String(value)}`);
}
