/** Are two values the same, at any depth? A field that is `undefined` is not there. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  if (one instanceof Uint8Array || other instanceof Uint8Array) {
    return one instanceof Uint8Array && other instanceof Uint8Array && isSameBytes(one, other);
  }
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const members = present(one);
  const others = new Map(present(other));
  if (members.length !== others.size) return false;
  return members.every(([name, value]) => others.has(name) && isSame(value, others.get(name)));
}

function present(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, field]) => field !== undefined);
}

function isSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
