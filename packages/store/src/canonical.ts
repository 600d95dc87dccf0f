import type { Json } from "@perdure/kernel";

/** JSON with names in order, so that equal values are equal texts. */
export function canonical(value: Json): string {
  if (isEmpty(value)) return "{}";
  return JSON.stringify(value, (_, item: Json) => {
    if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(
      Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
    );
  });
}

/** As the attributes of most runs are. */
function isEmpty(value: Json): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.keys(value).length === 0;
}
