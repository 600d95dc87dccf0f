/**
 * What the senders' databases are to be told of receivers that lie elsewhere: that they need not
 * keep the messages which those have marked.
 *
 * 1. Nothing waits for it. A sender's database that was not told keeps more than it must, and its
 *    receivers leave out what they have applied.
 * 2. It is told together with other things: at each beat, flush and opening, or when much has come
 *    together. Of each database one call is on its way at a time.
 * 3. What could not be told is kept; a process that dies forgets it, and the next owner of the
 *    receiver notes it again from the marks that it finds.
 */
import type { Delivery, Store } from "../store.ts";

/** Marks that may come together before they are told by themselves. */
const MOST = 256;

export class Deliveries {
  readonly #store: Store;
  /** The highest seq of each link, which is named by its ends. */
  #pending = new Map<string, Delivery>();
  #noted = 0;
  #telling: Promise<void> | undefined;

  /** `store`: the senders'. */
  constructor(store: Store) {
    this.#store = store;
  }

  note(delivery: Delivery): void {
    this.#put(delivery);
    this.#noted++;
    if (this.#noted >= MOST) void this.tell();
  }

  /** Resolves when all that was noted before is told or could not be. */
  async tell(): Promise<void> {
    await this.#telling;
    if (this.#pending.size === 0) return;
    this.#telling ??= this.#tellAll().finally(() => (this.#telling = undefined));
    await this.#telling;
  }

  async #tellAll(): Promise<void> {
    const deliveries = [...this.#pending.values()];
    this.#pending = new Map();
    this.#noted = 0;
    try {
      await this.#store.delivered(deliveries);
    } catch {
      for (const delivery of deliveries) this.#put(delivery);
    }
  }

  #put(delivery: Delivery): void {
    const name = `${delivery.from}>${delivery.to}`;
    const known = this.#pending.get(name);
    if (known === undefined || known.seq < delivery.seq) this.#pending.set(name, delivery);
  }
}
