/** Where a page of `search` ended. Lists run newest first by (startedAt, runId). */
import { limits, PerdureError } from "@perdure/kernel";
import type { IndexRow, Page, Query } from "./store.ts";

export interface CursorPosition {
  readonly startedAt: number;
  readonly runId: string;
}

function encodeCursor({ startedAt, runId }: CursorPosition): string {
  return Buffer.from(`${startedAt}/${runId}`).toString("base64url");
}

/** Rows that may be on a page. */
export function pageLimit({ limit }: Pick<Query, "limit">): number {
  return Math.min(limit, limits.pageRows);
}

/** The first page of what was found, in order; `hasMore`: there is more than was found. */
export function firstPage(found: readonly IndexRow[], limit: number, hasMore = false): Page {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  if (last === undefined || (found.length === rows.length && !hasMore)) return { rows };
  return { rows, cursor: encodeCursor(last) };
}

export function decodeCursor(cursor: string): CursorPosition {
  const [, startedAt, runId] =
    /^(-?\d{1,16})\/(.{1,64})$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (startedAt === undefined || runId === undefined) {
    throw new PerdureError(
      "invalid-argument",
      "The cursor is not one that a search gave out: begin again without a cursor.",
    );
  }
  return { startedAt: Number(startedAt), runId };
}

/** The order of texts in a store: by their UTF-8 bytes, which is not that of UTF-16 code units. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
