/** Names of streams: gathered ones are in a table, the others have a tail in memory. */
import type { StreamId } from "@perdure/kernel";
import { byBytes } from "@perdure/store";
import type { Open } from "./file.ts";

export function listStreams(
  { streams, log }: Open,
  prefix: string,
  limit: number,
  after: StreamId | undefined,
): readonly StreamId[] {
  const names = new Set<StreamId>();
  for (const name of streams.named(prefix, after ?? "")) {
    if (names.size >= limit) break;
    names.add(name);
  }
  for (const name of log.tails.keys()) {
    if (!name.startsWith(prefix)) continue;
    if (after === undefined || byBytes(after, name) < 0) names.add(name);
  }
  return [...names].toSorted(byBytes).slice(0, limit);
}
