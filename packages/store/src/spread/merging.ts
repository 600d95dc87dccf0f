/** One answer of what several databases have answered. */
import { limits } from "@perdure/kernel";
import { byBytes, firstPage, pageLimit } from "../cursor.ts";
import { byVersion, newestFirst } from "../memory/select.ts";
import type { OpenRuns, Page, Query } from "../store.ts";

/** The first of all, each list being in order already and as long as was asked. */
export function firstNames<T extends string>(lists: readonly (readonly T[])[], limit: number): T[] {
  return lists.flat().toSorted(byBytes).slice(0, Math.min(limit, limits.pageRows));
}

/** A position in the list of all is one in each. */
export function mergedPage(pages: readonly Page[], query: Query): Page {
  const all = pages.flatMap(({ rows }) => rows).toSorted(newestFirst);
  const hasMore = pages.some(({ cursor }) => cursor !== undefined);
  return firstPage(all, pageLimit(query), hasMore);
}

export function mergedVersions(lists: readonly (readonly OpenRuns[])[]): OpenRuns[] {
  const merged = new Map<string, OpenRuns>();
  for (const runs of lists.flat()) {
    const name = JSON.stringify([runs.workflow, runs.version]);
    merged.set(name, { ...runs, open: runs.open + (merged.get(name)?.open ?? 0) });
  }
  return [...merged.values()].toSorted(byVersion).slice(0, limits.pageRows);
}
