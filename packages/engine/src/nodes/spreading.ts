/** Many starts, each where its key is; those without a key anywhere, together. */
import { errorData, keyStream, PerdureError, runStream } from "@perdure/kernel";
import type { StartItem, StartResult } from "../client.ts";
import { keyOf, namedBy } from "../client/start.ts";
import { isPeerLost, isUndone, type Place, type Router } from "./router.ts";

interface Item {
  readonly at: number;
  readonly item: StartItem;
}

export class Spreading {
  readonly #router: Router;
  readonly #by: string | undefined;
  readonly #namespace: string;
  readonly #results: StartResult[];
  readonly #left: Item[];

  constructor(
    router: Router,
    by: string | undefined,
    namespace: string,
    items: readonly StartItem[],
  ) {
    this.#router = router;
    this.#by = by;
    this.#namespace = namespace;
    this.#results = Array.from<StartResult>({ length: items.length });
    this.#left = items.map((item, at) => ({ item, at }));
  }

  /** What became of each, in their order. */
  async all(): Promise<readonly StartResult[]> {
    const search = this.#router.search();
    for (let tries = 0; ; tries++) {
      const groups = this.#groups(tries);
      await Promise.all([...groups].map(([place, items]) => this.#startAt(place, items)));
      if (this.#left.length === 0) return this.#results;
      try {
        await search.next();
      } catch (error) {
        this.#refuse(this.#left.splice(0), error);
      }
    }
  }

  /** By node; those whose node cannot be reached now stay for the next round. */
  #groups(tries: number): ReadonlyMap<Place, Item[]> {
    const groups = new Map<Place, Item[]>();
    const anywhere = this.#router.anyPlace(tries);
    for (const item of this.#left.splice(0)) {
      const place = this.#placeOf(item, anywhere);
      const group = place === undefined ? this.#left : groups.get(place);
      if (group) group.push(item);
      else if (place !== undefined) groups.set(place, [item]);
    }
    return groups;
  }

  #placeOf({ item }: Item, anywhere: Place | undefined): Place | undefined {
    const { key, ...rest } = item;
    const own = key && { key: { ...key, namespace: this.#namespace } };
    const request = { ...rest, ...own, namespace: this.#namespace };
    const home = keyOf(request);
    if (home) return this.#router.placeOf(keyStream(home));
    const named = namedBy(request);
    return named ? this.#router.placeOf(runStream(named)) : anywhere;
  }

  async #startAt(place: Place, items: readonly Item[]): Promise<void> {
    const starts = items.map(({ item }) => item);
    try {
      const results = await this.#router.at(place, this.#by, "startMany", [
        this.#namespace,
        starts,
      ]);
      for (const [i, item] of items.entries()) this.#take(item, results[i]);
    } catch (error) {
      if (isUndone(error)) return void this.#left.push(...items);
      const mayRepeat = ({ item }: Item): boolean =>
        isPeerLost(error) && item.requestId !== undefined;
      this.#left.push(...items.filter(mayRepeat));
      this.#refuse(
        items.filter((item) => !mayRepeat(item)),
        error,
      );
    }
  }

  #take(item: Item, result: StartResult | undefined): void {
    if (result === undefined) throw new Error("a node answered for fewer starts than it was sent");
    // Nothing of it was done: its key has moved.
    if ("error" in result && result.error.code === "fenced") this.#left.push(item);
    else this.#results[item.at] = result;
  }

  /** What a caller may be told is data; a bug is not. */
  #refuse(items: readonly Item[], error: unknown): void {
    if (!(error instanceof PerdureError)) throw error;
    for (const { at } of items) this.#results[at] = { error: errorData(error) };
  }
}
