/** Every stream of the source, in the order of their names, some at a time. */
import { limits } from "@perdure/kernel";
import { inLanes } from "../core/lanes.ts";
import type { Machines } from "../core/machines.ts";
import { Copier } from "./copier.ts";
import { Freight } from "./freight.ts";
import type { StoreEnd } from "./store-end.ts";
import { knownIn, pagesOf, type Skips } from "./walk.ts";

export interface CopyParts {
  readonly source: StoreEnd;
  readonly target: StoreEnd;
  readonly machines: Machines;
  readonly skips: Skips;
  readonly commitBytes: number;
  /** The target may have some of it. */
  readonly isArriving: boolean;
  readonly onProgress: (done: { readonly streams: number; readonly events: number }) => void;
}

/** Resolves when all of it is durable. */
export async function copyAll(parts: CopyParts): Promise<void> {
  const { source, target, machines, skips, isArriving, commitBytes, onProgress } = parts;
  const [from, to] = [source.store, target.store];
  let streams = 0;
  let events = 0;
  const freight = new Freight(target, commitBytes);
  const copied = (more: number): void => {
    events += more;
    onProgress({ streams, events });
  };
  const copier = new Copier({ from, to, freight, machines, copied });
  for await (const names of pagesOf(from, skips)) {
    const known = isArriving ? await knownIn(to, names) : undefined;
    await inLanes(names, limits.moveStreams, async (stream) => {
      await copier.copy(stream, known?.has(stream) ?? false);
      streams++;
    });
    onProgress({ streams, events });
  }
  await freight.flush();
}
