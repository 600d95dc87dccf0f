/** What a move says when it has done something. */
import type { Abandoned, Comparison, Moved, MoveOptions } from "@perdure/engine";
import type { JsonObject } from "@perdure/kernel";
import type { Context } from "../context.ts";
import { bytes } from "../terminal/preview.ts";
import { dim, green } from "../terminal/text.ts";

type Ends = Pick<MoveOptions, "from" | "to">;

export function reportMoved({ json, out }: Context, { from, to }: Ends, moved: Moved): void {
  const { hasMoved, isKept, comparison } = moved;
  if (json) {
    const figures = comparison === undefined ? {} : comparisonJson(comparison);
    return out.json({ from: from.name, to: to.name, moved: hasMoved, kept: isKept, ...figures });
  }
  if (!hasMoved) return out.line(`${from.name} was moved to ${to.name} before; nothing was done.`);
  const what = isKept ? "copied" : "moved";
  if (comparison === undefined) {
    out.line(`What was left to do is done: ${from.name} is ${what} to ${to.name}.`);
  } else {
    const { streams, events } = comparison;
    const size = bytes(comparison.bytes);
    out.line([green(what), ` ${streams} streams with ${events} events (${size}) to ${to.name}`]);
    out.line(dim(`the same at both ends, sha256 ${comparison.digests.from}`));
  }
  out.line(
    isKept
      ? `Both stores go on by themselves: what is due in both is done twice.`
      : `${from.name} is given up and cannot be opened: keep it until the new one has a backup.`,
  );
}

export function reportAbandoned(
  { json, out }: Context,
  { from, to }: Ends,
  { streams }: Abandoned,
): void {
  if (json) return out.json({ from: from.name, to: to.name, forgotten: streams });
  out.line(
    `The move is undone: ${to.name} has forgotten ${streams} streams, and both can be opened.`,
  );
}

export function comparisonJson(comparison: Comparison): JsonObject {
  const { streams, events, counts, digests, named } = comparison;
  return {
    streams,
    events,
    bytes: comparison.bytes,
    counts: { ...counts },
    digests: { ...digests },
    named: [...named],
  };
}
