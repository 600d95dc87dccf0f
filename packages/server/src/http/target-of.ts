/** Which id a request is about, for logs: never more than ids and names (trap T9). */
const names = ["runId", "endpointId", "keyId", "id", "event", "workflow", "name"] as const;
const MAX_CHARS = 200;

export function targetOf(...sources: readonly unknown[]): string | undefined {
  for (const source of sources) {
    const fields = fieldsOf(source);
    const key = fieldsOf(fields["key"]);
    if (typeof key["kind"] === "string" && typeof key["id"] === "string") {
      return `${key["kind"]}/${key["id"]}`.slice(0, MAX_CHARS);
    }
    for (const name of names) {
      const value = fields[name];
      if (typeof value === "string") return value.slice(0, MAX_CHARS);
    }
  }
  return undefined;
}

function fieldsOf(source: unknown): Readonly<Record<string, unknown>> {
  if (source instanceof URLSearchParams) return Object.fromEntries(source);
  return typeof source === "object" && source !== null
    ? (source as Readonly<Record<string, unknown>>)
    : {};
}
