/** How many requests that stay (live streams, long polls, sockets) a credential has at a time. */
import { PerdureError } from "@perdure/kernel";

export class Stays {
  readonly #max: number;
  readonly #what: string;
  readonly #counts = new Map<string, number>();

  constructor(max: number, what: string) {
    this.#max = max;
    this.#what = what;
  }

  /** The result gives the place back; it may be called more than once. */
  take(id: string): () => void {
    const count = this.#counts.get(id) ?? 0;
    if (count >= this.#max) {
      const text = `This credential has ${count} ${this.#what} open, which is the limit: close some.`;
      throw new PerdureError("overloaded", text);
    }
    this.#counts.set(id, count + 1);
    let here = true;
    return () => {
      if (here) this.#leave(id);
      here = false;
    };
  }

  #leave(id: string): void {
    const count = (this.#counts.get(id) ?? 0) - 1;
    if (count > 0) this.#counts.set(id, count);
    else this.#counts.delete(id);
  }
}
