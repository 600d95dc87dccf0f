/** Run ids as a list shows them: whole for programs, and on a terminal as much as tells them apart. */
import type { RunRow } from "@perdure/kernel";
import type { Context } from "../context.ts";

/** The ends of a UUID's groups but for the first, whose ids share a minute. */
const LENGTHS = [13, 18, 23];
/** From this width on there is room for whole ids. */
const WIDE = 110;

export function shortIds(
  rows: readonly Pick<RunRow, "runId">[],
  { isTerminal, width }: Context,
): string[] {
  const ids = rows.map(({ runId }) => runId as string);
  if (!isTerminal || width >= WIDE) return ids;
  const length = LENGTHS.find(
    (one) => new Set(ids.map((id) => id.slice(0, one))).size === ids.length,
  );
  return length === undefined ? ids : ids.map((id) => id.slice(0, length));
}
