/** Pages of runs, one after another. */
import { limits, type RunRow } from "@perdure/kernel";
import type { EngineClient } from "@perdure/engine";
import type { Filter } from "./filters.ts";

export interface Wanted {
  readonly filter: Filter;
  readonly kind?: string | undefined;
  /** Rows at most; Infinity: all. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Found {
  readonly rows: readonly RunRow[];
  /** Where the next page begins. */
  readonly cursor?: string;
}

/** Yields pages until `limit` rows are there or no more are. */
export async function* pagesOf(engine: EngineClient, wanted: Wanted): AsyncGenerator<Found> {
  const { kind } = wanted;
  let left = wanted.limit;
  let cursor = wanted.cursor;
  do {
    const page = await engine.list({
      ...wanted.filter,
      limit: Math.min(left, limits.pageRows),
      ...(cursor === undefined ? {} : { cursor }),
    });
    const rows = page.rows.filter(({ keyKind }) => kind === undefined || keyKind === kind);
    left -= rows.length;
    cursor = page.cursor;
    yield { rows, ...(cursor === undefined ? {} : { cursor }) };
  } while (left > 0 && cursor !== undefined);
}
