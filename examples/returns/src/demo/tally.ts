/** How much was owed and found, by outcome. */
import type { Outcome } from "../letter.ts";
import { effectKinds, type EffectKind, type Found } from "./evidence.ts";

export interface Tally {
  returns: number;
  readonly expected: Record<EffectKind, number>;
  readonly found: Record<EffectKind, number>;
}

export const countOf = (found: readonly Found[], kind: EffectKind): number =>
  found.filter((each) => each.kind === kind).length;

export function count(
  tally: Tally,
  due: Readonly<Record<EffectKind, number>>,
  found: readonly Found[],
): void {
  tally.returns++;
  for (const kind of effectKinds) {
    tally.expected[kind] += due[kind];
    tally.found[kind] += countOf(found, kind);
  }
}

export function emptyTallies(): Record<Outcome, Tally> {
  const zero = () => ({ label: 0, void: 0, refund: 0, decline: 0, ask: 0, mail: 0 });
  const tally = (): Tally => ({ returns: 0, expected: zero(), found: zero() });
  return {
    refunded: tally(),
    rejected: tally(),
    denied: tally(),
    expired: tally(),
    compensated: tally(),
  };
}
