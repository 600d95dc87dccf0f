/**
 * Moves everything that is in one store into another: every stream as it is, byte for byte, with what
 * belongs to it. What waits here goes on there: an engine finds what it would find after a restart.
 *
 * M1  Nothing is written to a target that has a stream of the source already, unless this move has
 *     copied it.
 * M2  Nobody opens either store while the move is under way, also when its process has died (seals).
 * M3  The source is given up, and the target opened, only when both were read again from end to end
 *     and are the same.
 * M4  A move that ended in its middle is brought to its end by the same call.
 */
import { limits, PerdureError, type Calendar } from "@perdure/kernel";
import { drawHex } from "../core/draw.ts";
import { machinesWith } from "../core/machines.ts";
import type { Env } from "../env.ts";
import { gapAmong, gapError } from "../streams/gap.ts";
import { compareStores, type Comparison } from "./compare.ts";
import { copyAll } from "./copy-all.ts";
import { deliver, patience, undelivered, undeliveredError } from "./deliver.ts";
import { sealOfSource, stageOf, type Stage } from "./stage.ts";
import { StoreEnd, type StoreSource } from "./store-end.ts";
import { conflictError, survey } from "./survey.ts";
import { checkSkips, type Skips } from "./walk.ts";

export interface MoveProgress {
  readonly step: "look" | "deliver" | "copy" | "compare" | "abandon";
  readonly streams: number;
  /** Of how many; undefined while they are counted. */
  readonly total: number | undefined;
  readonly events: number;
}

export interface MoveOptions {
  readonly from: StoreSource;
  readonly to: StoreSource;
  readonly env: Env;
  readonly calendar: Calendar;
  /** Streams whose names begin with one of these stay where they are. */
  readonly skips?: Skips;
  /** The source is not given up: both go on, each by itself. */
  readonly keep?: boolean;
  /** A commit of the target is closed when it has so many. Default: `limits.moveCommitBytes`. */
  readonly commitBytes?: number;
  /** What it throws ends the move where it is. */
  readonly onProgress?: (progress: MoveProgress) => void;
}

export interface Moved {
  /** False: everything had been moved before this call. */
  readonly hasMoved: boolean;
  /** The source may be opened again. */
  readonly isKept: boolean;
  /** Undefined: it was compared before this call. */
  readonly comparison: Comparison | undefined;
}

export async function moveStore(options: MoveOptions): Promise<Moved> {
  checkEnds(options);
  const move = new Move(options, await StoreEnd.open(options.from, options.env));
  try {
    return await move.run();
  } finally {
    await move.close();
  }
}

export function checkEnds({
  from,
  to,
  skips = [],
}: Pick<MoveOptions, "from" | "to" | "skips">): void {
  checkSkips(skips);
  if (from.name !== to.name) return;
  const text = `${from.name} cannot be moved to itself: name another store to move to.`;
  throw new PerdureError("invalid-argument", text);
}

class Move {
  readonly #options: MoveOptions;
  readonly #skips: Skips;
  #source: StoreEnd;
  #target: StoreEnd | undefined;
  #total: number | undefined;

  constructor(options: MoveOptions, source: StoreEnd) {
    this.#options = options;
    this.#skips = options.skips ?? [];
    this.#source = source;
  }

  async run(): Promise<Moved> {
    const { to, env, keep = false } = this.#options;
    const source = { name: this.#source.name, seals: await this.#source.seals() };
    // Before the target is made, where there is none.
    sealOfSource(source, to.name);
    const target = (this.#target = await StoreEnd.open(to, env));
    const stage = stageOf({ source, target: { name: to.name, seals: await target.seals() } });
    switch (stage.type) {
      case "over":
        return { hasMoved: false, isKept: false, comparison: undefined };
      case "new": {
        const move = drawHex(env, 4);
        return this.#bring(target, { type: "copying", move, isArriving: false }, keep);
      }
      case "copying":
        return this.#bring(target, stage, keep);
      case "ending":
        await this.#source.take(stage.move);
        return this.#end(target, stage);
    }
  }

  async close(): Promise<void> {
    await this.#source.close();
    await this.#target?.close();
  }

  async #bring(
    target: StoreEnd,
    { move, isArriving }: Extract<Stage, { type: "copying" }>,
    isCopy: boolean,
  ): Promise<Moved> {
    await this.#takeSource(move);
    await target.take(move);
    const found = await survey({ ...this.#parts(target, "look"), isArriving });
    if (found.conflicts > 0) throw conflictError(target.name, found);
    this.#total = found.streams;
    await this.#source.seal({ state: "leaving", move, other: target.name });
    await target.seal({ state: "arriving", move, other: this.#source.name });
    await this.#source.store.flush();
    const { calendar, commitBytes = limits.moveCommitBytes } = this.#options;
    await copyAll({
      ...this.#parts(target, "copy"),
      source: this.#source,
      target,
      machines: machinesWith(calendar),
      commitBytes,
      isArriving,
    });
    const comparison = await compareStores(this.#parts(target, "compare"));
    if (comparison.counts.same < comparison.streams) throw differentError(target.name, comparison);
    const state = isCopy ? "copied" : "moved";
    await this.#source.seal({ state, move, other: target.name });
    return { ...(await this.#end(target, { move, isCopy, isArriving: true })), comparison };
  }

  /** The source says that the target has everything (M3). */
  async #end(
    target: StoreEnd,
    { move, isCopy, isArriving }: Omit<Extract<Stage, { type: "ending" }>, "type">,
  ): Promise<Moved> {
    if (isArriving) {
      if (!target.isTaken) await target.take(move);
      await target.seal(undefined);
    }
    if (isCopy) await this.#source.seal(undefined);
    return { hasMoved: true, isKept: isCopy, comparison: undefined };
  }

  /** With nothing left to deliver within it. Databases of different moments are left as they are. */
  async #takeSource(move: string): Promise<void> {
    const { from, env, calendar } = this.#options;
    for (let tries = 0; ; tries++) {
      const opened = await this.#source.take(move);
      const { store } = this.#source;
      const gap = store.databases > 1 ? gapAmong(opened) : undefined;
      if (gap !== undefined) throw gapError(store, gap);
      const left = undelivered(opened);
      if (left === 0) return;
      const forMs = patience(tries);
      if (forMs === undefined) throw undeliveredError(from.name, left);
      this.#report("deliver", { streams: 0, events: 0 });
      await this.#source.close();
      await deliver(from, { env, calendar, forMs });
      this.#source = await StoreEnd.open(from, env);
    }
  }

  #parts(target: StoreEnd, step: MoveProgress["step"]) {
    return {
      from: this.#source.store,
      to: target.store,
      skips: this.#skips,
      onProgress: (done: Pick<MoveProgress, "streams" | "events">) => this.#report(step, done),
    };
  }

  #report(step: MoveProgress["step"], done: Pick<MoveProgress, "streams" | "events">): void {
    this.#options.onProgress?.({ step, total: this.#total, ...done });
  }
}

function differentError(target: string, { streams, counts, named }: Comparison): PerdureError {
  const text =
    `${streams - counts.same} streams in ${target} are not as they were written: it is ` +
    `not to be trusted. Undo the move with --abandon, and move to another store:\n${named.join("\n")}`;
  return new PerdureError("store-corrupt", text);
}
