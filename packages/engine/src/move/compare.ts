/** Are the streams of one store in another as they are here? Reads all of both, and writes nothing. */
import { limits, type StreamId } from "@perdure/kernel";
import type { Store } from "@perdure/store";
import { inLanes } from "../core/lanes.ts";
import { StreamDigest, SumDigest } from "./digest.ts";
import { fetchBlobs, type Blobs } from "../streams/journal.ts";
import { piecesOf } from "./pieces.ts";
import { areSame } from "./survey.ts";
import { pagesOf, type Skips } from "./walk.ts";

/**
 * `same`: event by event. `continued`: the other has all of it, and more. `missing`: it is not there.
 * `different`: it has other events, fewer, or lacks a long payload.
 */
export type Likeness = "same" | "continued" | "missing" | "different";

export interface Comparison {
  readonly streams: number;
  readonly events: number;
  readonly bytes: number;
  readonly counts: Readonly<Record<Likeness, number>>;
  /** The first of those that are missing or different. */
  readonly named: readonly StreamId[];
  /** Of all streams in the order of their names, as they are here and as far as they are there. */
  readonly digests: { readonly from: string; readonly to: string };
}

export interface CompareParts {
  readonly from: Store;
  readonly to: Store;
  readonly skips: Skips;
  readonly onProgress: (done: { readonly streams: number; readonly events: number }) => void;
}

interface Pair {
  readonly likeness: Likeness;
  readonly events: number;
  readonly bytes: number;
  readonly digests: readonly [from: Buffer, to: Buffer];
}

export async function compareStores(parts: CompareParts): Promise<Comparison> {
  const { from, to, skips, onProgress } = parts;
  const counts: Record<Likeness, number> = { same: 0, continued: 0, missing: 0, different: 0 };
  const named: StreamId[] = [];
  const sums = [new SumDigest(), new SumDigest()] as const;
  let streams = 0;
  let events = 0;
  let bytes = 0;
  for await (const names of pagesOf(from, skips)) {
    const pairs = new Map<StreamId, Pair>();
    await inLanes(names, limits.moveStreams, async (stream) => {
      pairs.set(stream, await comparePair(from, to, stream));
    });
    for (const stream of names) {
      const pair = pairs.get(stream);
      if (pair === undefined) continue;
      const { likeness, digests } = pair;
      counts[likeness]++;
      const isBad = likeness === "missing" || likeness === "different";
      if (isBad && named.length < limits.moveNamed) named.push(stream);
      sums[0].add(digests[0]);
      sums[1].add(digests[1]);
      streams++;
      events += pair.events;
      bytes += pair.bytes;
    }
    onProgress({ streams, events });
  }
  const digests = { from: sums[0].end(), to: sums[1].end() };
  return { streams, events, bytes, counts, named, digests };
}

async function comparePair(from: Store, to: Store, stream: StreamId): Promise<Pair> {
  const digests = [new StreamDigest(stream), new StreamDigest(stream)] as const;
  let likeness: Likeness = "same";
  let seq = 0;
  let bytes = 0;
  for await (const { first, total, events, blobs } of piecesOf(from, stream)) {
    const there = await to.read(stream, first, events.length);
    const others = there?.events ?? [];
    digests[0].addAll(events);
    digests[1].addAll(others);
    for (const { length } of events) bytes += length;
    seq += events.length;
    if (there === undefined) likeness = "missing";
    else if (!areSame(events, others)) likeness = "different";
    else if (blobs.size > 0 && !hasAll(await fetchBlobs(to, stream, others)))
      likeness = "different";
    else if (likeness === "same" && there.seq > total) likeness = "continued";
  }
  return { likeness, events: seq, bytes, digests: [digests[0].end(), digests[1].end()] };
}

/** A store gives a long payload back only if its hash is right. */
function hasAll(blobs: Blobs): boolean {
  return [...blobs.values()].every((blob) => blob !== undefined);
}
