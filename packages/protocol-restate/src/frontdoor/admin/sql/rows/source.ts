/** What the rows of one query are made from. */
import type { Desk } from "../../parts.ts";
import type { Filters } from "../filters.ts";
import type { Enough } from "../newest.ts";
import type { Bounds } from "./bounds.ts";

export interface Source {
  readonly desk: Desk;
  readonly filters: Filters;
  /** The columns that the answer may depend on. */
  readonly columns: ReadonlySet<string>;
  /** How many rows are enough; absent: all may matter. */
  readonly enough?: Enough;
  readonly bounds: Bounds;
}

export function time(at: number): string {
  return new Date(at).toISOString();
}

export function timeIf(at: number | undefined): string | undefined {
  return at === undefined ? undefined : time(at);
}
