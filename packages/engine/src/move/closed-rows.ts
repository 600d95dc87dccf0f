/** When closed runs may be forgotten: only their row in the index knows. */
import { limits, type RunRow } from "@perdure/kernel";
import type { IndexRow, Store } from "@perdure/store";

/** Moments whose rows are kept: runs come in the order of their ids, and so nearly of their starts. */
const KEPT = 256;

export class ClosedRows {
  readonly #store: Store;
  readonly #found = new Map<string, Promise<ReadonlyMap<string, IndexRow>>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The row as it was written when the run had closed; undefined: it is not written yet. */
  async find({ runId, namespace, startedAt }: RunRow): Promise<IndexRow | undefined> {
    const name = `${startedAt} ${namespace}`;
    let found = this.#found.get(name);
    if (found === undefined) {
      found = this.#startedAt(namespace, startedAt);
      this.#found.set(name, found);
      for (const oldest of this.#found.keys()) {
        if (this.#found.size <= KEPT) break;
        this.#found.delete(oldest);
      }
    }
    const row = (await found).get(runId);
    return row?.closedAt === undefined ? undefined : row;
  }

  async #startedAt(namespace: string, at: number): Promise<ReadonlyMap<string, IndexRow>> {
    const found = new Map<string, IndexRow>();
    const query = {
      namespace,
      startedAfter: at - 1,
      startedBefore: at + 1,
      limit: limits.pageRows,
    };
    for (let cursor: string | undefined; ;) {
      const page = await this.#store.search({
        ...query,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const row of page.rows) found.set(row.runId, row);
      cursor = page.cursor;
      if (cursor === undefined) return found;
    }
  }
}
