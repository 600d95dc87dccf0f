/**
 * A set of ordinals that is almost always 1..n: the operations of a run, told out of order.
 * All up to `through` are in it, and those in `beyond`.
 */
export interface OrdinalSet {
  readonly through: number;
  readonly beyond: ReadonlySet<number>;
}

interface Owned {
  through: number;
  beyond: Set<number>;
}

/** Shared until an ordinal comes out of order. */
const inOrder: ReadonlySet<number> = new Set();

export function noOrdinals(): OrdinalSet {
  return { through: 0, beyond: inOrder };
}

export function hasOrdinal(set: OrdinalSet, ordinal: number): boolean {
  return ordinal <= set.through || set.beyond.has(ordinal);
}

/** Adds in place; only the owner of the state may. */
export function addOrdinal(set: OrdinalSet, ordinal: number): void {
  const owned = set as Owned;
  if (ordinal !== owned.through + 1) {
    if (ordinal <= owned.through) return;
    if (owned.beyond === inOrder) owned.beyond = new Set();
    owned.beyond.add(ordinal);
    return;
  }
  owned.through = ordinal;
  while (owned.beyond.delete(owned.through + 1)) owned.through += 1;
}
