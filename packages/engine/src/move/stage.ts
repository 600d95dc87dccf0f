/**
 * How far a move has come, read from the seals of both stores. Nothing else is kept of a move, so a
 * second call with the same stores goes on where the first one ended, however it ended.
 *
 * A move seals in this order, each store partition by partition:
 *
 *     source leaving, target arriving  (copying, comparing)
 *     source moved or copied           (what was compared is the same)
 *     target open, source open if copied
 *
 * G1  Nothing is copied before all of the target is `arriving`, and nothing of the target is opened
 *     before all of the source says that it was found to be the same.
 * G2  What only one store says, or another move, is never guessed at: the call is refused.
 */
import { PerdureError } from "@perdure/kernel";
import { sealedError, type Seal } from "@perdure/store";

/** The seals of a store's partitions, in their order. */
export type Seals = readonly (Seal | undefined)[];

export interface End {
  readonly name: string;
  readonly seals: Seals;
}

export interface Ends {
  readonly source: End;
  readonly target: End;
}

export type Stage =
  | { readonly type: "new" }
  /** `isArriving`: the target may have some of it. */
  | { readonly type: "copying"; readonly move: string; readonly isArriving: boolean }
  /** The target has all of it; the seals that are left are to be taken off. */
  | {
      readonly type: "ending";
      readonly move: string;
      /** The source is to go on too. */
      readonly isCopy: boolean;
      /** Some of the target is still sealed. */
      readonly isArriving: boolean;
    }
  | { readonly type: "over" };

export function stageOf({ source, target }: Ends): Stage {
  const here = sealOfSource(source, target.name);
  const there = onlySeal(target);
  if (there !== undefined && there.state !== "arriving") throw sealedError(there);
  if (here === undefined) {
    if (there === undefined) return { type: "new" };
    throw strangerError(target.name, source.name, there);
  }
  if (there !== undefined && there.move !== here.move) {
    throw strangerError(target.name, source.name, there);
  }
  const { move } = here;
  const isAll = (state: Seal["state"]): boolean =>
    source.seals.every((seal) => seal?.state === state);
  if (isAll("moved")) {
    return there === undefined
      ? { type: "over" }
      : { type: "ending", move, isCopy: false, isArriving: true };
  }
  // The source's seals go when the target has none left.
  const isOpening = here.state === "copied" && there === undefined;
  if (isAll("copied") || isOpening) {
    return { type: "ending", move, isCopy: true, isArriving: there !== undefined };
  }
  const isArriving = target.seals.every((seal) => seal?.state === "arriving");
  return { type: "copying", move, isArriving };
}

/** Throws when the source is no source, or another target's. */
export function sealOfSource(source: End, target: string): Seal | undefined {
  const seal = onlySeal(source);
  if (seal === undefined) return undefined;
  if (seal.state === "arriving" || seal.other !== target) throw sealedError(seal);
  return seal;
}

/** The seal that speaks for the store: of two states, the one that came first. */
export function onlySeal({ name, seals }: End): Seal | undefined {
  const found = seals.filter((seal) => seal !== undefined);
  const [first] = found;
  const other = found.find(({ move }) => move !== first?.move);
  if (other !== undefined) {
    const text = `${name} is sealed by two moves, ${first?.move} and ${other.move}: restore it from a backup.`;
    throw new PerdureError("store-corrupt", text);
  }
  return found.find(({ state }) => state === "leaving") ?? first;
}

function strangerError(target: string, source: string, { other }: Seal): PerdureError {
  const text =
    `${target} waits for the end of another move, from ${other}, of which ${source} knows nothing. ` +
    `Run that move again, or with --abandon to undo it.`;
  return new PerdureError("store-sealed", text);
}
