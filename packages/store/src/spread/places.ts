/**
 * Several stores as the databases of one cluster: each is told its place once, and a list that is not
 * the one that was told is refused before anything is read or written.
 *
 * 1. The first database is told last, and nobody writes before that. So one that has no place when
 *    the first has its own, or when another has a stream, has been lost.
 * 2. Two processes that begin at once tell the same: the last database keeps the first name it hears.
 */
import { PerdureError } from "@perdure/kernel";
import type { Place, Store } from "../store.ts";

/** Rejects with `invalid-argument` where the stores are not one cluster's, all of them, in order. */
export async function settlePlaces(stores: readonly Store[], draw: () => string): Promise<void> {
  const databases = stores.length;
  const first = await stores[0]?.place();
  let cluster = first?.cluster;
  for (const [index, store] of [...stores.entries()].toReversed()) {
    const found = await store.place();
    const isBegun = first !== undefined || (index === 0 && (await isAnyUsed(stores)));
    if (found === undefined && isBegun) throw emptyError(index);
    const wanted = { cluster: found?.cluster ?? cluster ?? draw(), index, databases };
    const place = found ?? (await store.place(wanted)) ?? wanted;
    cluster ??= place.cluster;
    check(place, { cluster, index, databases });
  }
}

/** A database of several is not opened by itself: most of its cluster would be missing. */
export async function checkAlone(store: Store): Promise<void> {
  const place = await store.place();
  if (place !== undefined) check(place, { cluster: place.cluster, index: 0, databases: 1 });
}

async function isAnyUsed(stores: readonly Store[]): Promise<boolean> {
  const names = await Promise.all(stores.slice(1).map((store) => store.streams("", 1)));
  return names.some(({ length }) => length > 0);
}

function check(found: Place, expected: Place): void {
  const { cluster, index, databases } = expected;
  if (found.databases !== databases) {
    throw listError(
      `database ${index + 1} of the list is one of ${found.databases}, and the list has ${databases}`,
    );
  }
  if (found.cluster !== cluster) {
    throw listError(`database ${index + 1} of the list belongs to another cluster than the others`);
  }
  if (found.index !== index) {
    throw listError(`the list has database ${found.index + 1} in place ${index + 1}`);
  }
}

function listError(what: string): PerdureError {
  const text = `The databases do not fit together: ${what}. Name all of them, in the first order.`;
  return new PerdureError("invalid-argument", text);
}

function emptyError(index: number): PerdureError {
  const text =
    `Database ${index + 1} of the list is empty, though its cluster has begun: restore it from a ` +
    `backup, or correct the address.`;
  return new PerdureError("invalid-argument", text);
}
