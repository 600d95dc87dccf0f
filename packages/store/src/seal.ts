/** What every store answers to who opens a sealed partition. */
import { PerdureError } from "@perdure/kernel";
import type { Claim, Seal } from "./store.ts";

/** The seal that keeps the partition shut for whoever comes with this claim, or with none. */
export function sealedBy(seal: Seal | undefined, claim: Claim | undefined): Seal | undefined {
  return seal?.move === claim?.move ? undefined : seal;
}

export function sealedError(seal: Seal): PerdureError {
  const { state, move, other } = seal;
  return new PerdureError("store-sealed", textOf(seal), { detail: { state, move, other } });
}

function textOf({ state, other }: Seal): string {
  switch (state) {
    case "arriving":
      return (
        `Not everything is here yet: a move from ${other} to this store has not ended. Run the ` +
        `same perdure move again, which goes on where it was, or with --abandon to undo it.`
      );
    case "leaving":
      return (
        `A move from this store to ${other} has not ended. Run the same perdure move again, which ` +
        `goes on where it was, or with --abandon to undo it.`
      );
    case "copied":
      return (
        `What is in this store was copied to ${other}, and the move has one thing left to do: run ` +
        `the same perdure move again.`
      );
    case "moved":
      return `What was in this store has moved to ${other} and goes on there: open that one.`;
  }
}
