/**
 * Undoes a move that has not ended: the target forgets what was copied, and both may be opened again.
 *
 * A1  Of the target's streams only those go that begin as they do in the source, which a move alone
 *     can have written there.
 * A2  The source is opened last: until then the same call goes on where it was.
 */
import { limits, partitionOf, PerdureError, type StreamId } from "@perdure/kernel";
import { inLanes } from "../core/lanes.ts";
import { checkEnds, type MoveOptions } from "./move.ts";
import { onlySeal } from "./stage.ts";
import { StoreEnd, type Load } from "./store-end.ts";
import { isBeginning } from "./survey.ts";
import { knownIn, pagesOf } from "./walk.ts";

export type AbandonOptions = Pick<MoveOptions, "from" | "to" | "env" | "onProgress">;

export interface Abandoned {
  /** What the target has forgotten. */
  readonly streams: number;
}

export async function abandonMove(options: AbandonOptions): Promise<Abandoned> {
  checkEnds(options);
  const source = await StoreEnd.open(options.from, options.env);
  try {
    const target = await StoreEnd.open(options.to, options.env);
    try {
      return await abandon(source, target, options);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function abandon(
  source: StoreEnd,
  target: StoreEnd,
  { onProgress }: AbandonOptions,
): Promise<Abandoned> {
  const [here, there] = [await source.seals(), await target.seals()];
  const leaving = onlySeal({ name: source.name, seals: here });
  const arriving = onlySeal({ name: target.name, seals: there });
  const isOurs = leaving === undefined || leaving.other === target.name;
  const isTheirs = arriving === undefined || arriving.other === source.name;
  const hasBegun = leaving !== undefined || arriving !== undefined;
  if (!hasBegun || !isOurs || !isTheirs) throw noMoveError(source.name, target.name);
  if (leaving && leaving.state !== "leaving") throw endingError(source.name);
  let streams = 0;
  if (arriving !== undefined) {
    await target.take(arriving.move);
    // Where some are open again, everything was forgotten before.
    if (there.every((seal) => seal !== undefined)) {
      streams = await forgetCopies(source, target, (count) =>
        onProgress?.({ step: "abandon", streams: count, total: undefined, events: 0 }),
      );
    }
    await target.seal(undefined);
  }
  if (leaving !== undefined) {
    await source.take(leaving.move);
    await source.seal(undefined);
  }
  return { streams };
}

async function forgetCopies(
  source: StoreEnd,
  target: StoreEnd,
  onProgress: (streams: number) => void,
): Promise<number> {
  const [from, to] = [source.store, target.store];
  let streams = 0;
  for await (const names of pagesOf(from, [])) {
    const copies: StreamId[] = [];
    await inLanes(await knownIn(to, names), limits.moveStreams, async (stream) => {
      if (await isBeginning(to, from, stream)) copies.push(stream);
    });
    const homes = Map.groupBy(copies, (stream) => partitionOf(stream, to.partitions));
    const databases = Map.groupBy(homes, ([partition]) => to.databaseOf(partition));
    for (const loads of databases.values()) {
      await target.commit(
        new Map(loads.map(([partition, forget]) => [partition, { ...nothing, forget }])),
      );
    }
    streams += copies.length;
    onProgress(streams);
  }
  return streams;
}

const nothing: Load = {
  appends: [],
  outbox: [],
  marks: [],
  blobs: [],
  index: [],
  settle: [],
  forget: [],
};

function noMoveError(source: string, target: string): PerdureError {
  const text = `No move from ${source} to ${target} is under way: there is nothing to undo.`;
  return new PerdureError("not-found", text);
}

function endingError(source: string): PerdureError {
  const text =
    `Everything in ${source} is at the target already, and was found to be the same: run the move ` +
    `again without --abandon, which ends it.`;
  return new PerdureError("conflict", text);
}
