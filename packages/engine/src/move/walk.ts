/** The streams that a move is about, page by page in the order of their names. */
import { limits, PerdureError, type StreamId } from "@perdure/kernel";
import { byBytes, type Store } from "@perdure/store";

/** Streams whose names begin with one of these stay where they are. */
export type Skips = readonly string[];

export function checkSkips(skips: Skips): void {
  if (skips.length > limits.moveSkips) {
    const text = `A move leaves out at most ${limits.moveSkips} names, not ${skips.length}: use their common beginnings.`;
    throw new PerdureError("limit-exceeded", text);
  }
  if (!skips.includes("")) return;
  const text = "Every name begins with nothing: say what to leave out, as in key/$perdure/.";
  throw new PerdureError("invalid-argument", text);
}

export async function* pagesOf(store: Store, skips: Skips): AsyncGenerator<readonly StreamId[]> {
  for (let after: StreamId | undefined; ;) {
    const page = await store.streams("", limits.pageRows, after);
    const names = page.filter((name) => !skips.some((skip) => name.startsWith(skip)));
    if (names.length > 0) yield names;
    after = page.at(-1);
    if (after === undefined || page.length < limits.pageRows) return;
  }
}

/** Those of the names, which are in order, that are streams of the store too. */
export async function knownIn(
  store: Store,
  names: readonly StreamId[],
): Promise<ReadonlySet<StreamId>> {
  const wanted = new Set(names);
  const known = new Set<StreamId>();
  const [first] = names;
  const last = names.at(-1);
  if (first === undefined || last === undefined) return known;
  if ((await store.read(first, 1, 1)) !== undefined) known.add(first);
  for (let after = first; ;) {
    const page = await store.streams("", limits.pageRows, after);
    for (const name of page) if (wanted.has(name)) known.add(name);
    const end = page.at(-1);
    if (end === undefined || page.length < limits.pageRows || byBytes(end, last) >= 0) return known;
    after = end;
  }
}
