/** What there is to move, and what is in its way. */
import { limits, PerdureError, type StreamId } from "@perdure/kernel";
import type { Store } from "@perdure/store";
import { inLanes } from "../core/lanes.ts";
import { piecesOf } from "./pieces.ts";
import { knownIn, pagesOf, type Skips } from "./walk.ts";

export interface Survey {
  readonly streams: number;
  /** Streams that the target has, and not from this move. */
  readonly conflicts: number;
  /** The first of them. */
  readonly named: readonly StreamId[];
}

export interface SurveyParts {
  readonly from: Store;
  readonly to: Store;
  readonly skips: Skips;
  /** The target may have some of it from an earlier call: as much of a stream as is the same. */
  readonly isArriving: boolean;
  readonly onProgress: (done: { readonly streams: number; readonly events: number }) => void;
}

export async function survey(parts: SurveyParts): Promise<Survey> {
  const { from, to, skips, isArriving, onProgress } = parts;
  const named: StreamId[] = [];
  let streams = 0;
  let conflicts = 0;
  for await (const names of pagesOf(from, skips)) {
    const known = await knownIn(to, names);
    await inLanes(known, limits.moveStreams, async (stream) => {
      if (isArriving && (await isBeginning(to, from, stream))) return;
      conflicts++;
      if (named.length < limits.moveNamed) named.push(stream);
    });
    streams += names.length;
    onProgress({ streams, events: 0 });
  }
  return { streams, conflicts, named: named.toSorted() };
}

/** Are the stream's events in `part` those with which it begins in `whole`? */
export async function isBeginning(part: Store, whole: Store, stream: StreamId): Promise<boolean> {
  for await (const { first, events } of piecesOf(part, stream)) {
    const others = await whole.read(stream, first, events.length);
    if (others === undefined || !areSame(events, others.events)) return false;
  }
  return true;
}

export function areSame(events: readonly Uint8Array[], others: readonly Uint8Array[]): boolean {
  return (
    events.length === others.length &&
    events.every((event, i) => Buffer.compare(event, others[i] ?? new Uint8Array(0)) === 0)
  );
}

export function conflictError(target: string, { conflicts, named }: Survey): PerdureError {
  const more = conflicts > named.length ? `\nand ${conflicts - named.length} more` : "";
  const text =
    `${target} has ${conflicts} of these streams already, and nothing was written. Move to a new ` +
    `store, or leave them out with --skip:\n${named.join("\n")}${more}`;
  return new PerdureError("conflict", text, { detail: { conflicts, streams: named } });
}
