/** The meaning of a query, in the plainest code: what every store's search is compared with. */
import { limits, type Json, type JsonObject } from "@perdure/kernel";
import { byBytes, decodeCursor, firstPage, pageLimit } from "../cursor.ts";
import type { IndexRow, OpenRuns, Page, Query } from "../store.ts";

type Filter = Omit<Query, "limit" | "cursor">;

export function select(rows: readonly IndexRow[], filter: Filter): IndexRow[] {
  return rows.filter((row) => matches(row, filter)).toSorted(newestFirst);
}

export function page(rows: readonly IndexRow[], query: Query): Page {
  const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
  const left = select(rows, query).filter(
    (row) => after === undefined || newestFirst(after, row) < 0,
  );
  return firstPage(left, pageLimit(query));
}

export function openByVersion(rows: readonly IndexRow[], namespace: string): OpenRuns[] {
  const counts = new Map<string, OpenRuns>();
  for (const { workflow, version } of select(rows, { namespace, status: ["open", "paused"] })) {
    const name = JSON.stringify([workflow, version]);
    const open = (counts.get(name)?.open ?? 0) + 1;
    counts.set(name, { workflow, ...(version === undefined ? {} : { version }), open });
  }
  return [...counts.values()].toSorted(byVersion).slice(0, limits.pageRows);
}

export function byVersion(a: OpenRuns, b: OpenRuns): number {
  return byBytes(a.workflow, b.workflow) || byBytes(a.version ?? "", b.version ?? "");
}

function matches(row: IndexRow, filter: Filter): boolean {
  return (
    row.namespace === filter.namespace &&
    (filter.status === undefined || filter.status.includes(row.status)) &&
    (filter.workflow === undefined || filter.workflow === row.workflow) &&
    (filter.key === undefined || filter.key === row.key) &&
    (filter.parent === undefined || filter.parent === row.parent) &&
    (filter.version === undefined || filter.version === row.version) &&
    (filter.startedAfter === undefined || row.startedAt > filter.startedAfter) &&
    (filter.startedBefore === undefined || row.startedAt < filter.startedBefore) &&
    hasAll(row.attributes, filter.attributes ?? {})
  );
}

function hasAll(attributes: JsonObject, wanted: JsonObject): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(attributes, name) && same(attributes[name], value),
  );
}

/** Equality of JSON values; the order of an object's names does not matter. */
function same(a: Json | undefined, b: Json): boolean {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return a === b;
  const left = Object.entries(a);
  const right = new Map<string, Json>(Object.entries(b));
  if (Array.isArray(a) !== Array.isArray(b) || left.length !== right.size) return false;
  return left.every(([name, value]) => right.has(name) && same(value, right.get(name) ?? null));
}

export function newestFirst(
  a: { readonly startedAt: number; readonly runId: string },
  b: { readonly startedAt: number; readonly runId: string },
): number {
  if (a.startedAt !== b.startedAt) return b.startedAt - a.startedAt;
  if (a.runId === b.runId) return 0;
  return a.runId < b.runId ? 1 : -1;
}
