/**
 * Where the servers of a cluster are, and which of them is asked now. Any of them answers for all, so
 * whoever gets no answer from one asks the next.
 *
 * P1  All that share these move on together, and once for each place that failed, however many met it.
 */
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { addressOf, type Address } from "./address.ts";

export class Places {
  readonly all: readonly [Address, ...Address[]];
  #at: number;

  /** Begins with any of them, so that many clients with one list do not all ask the same server. */
  constructor(urls: string | readonly string[], env: Pick<Env, "random">) {
    const list = typeof urls === "string" ? urls.split(",") : urls;
    const [first, ...rest] = list.map((url) => addressOf(url.trim()));
    if (first === undefined) {
      const text = 'The list of servers is empty: name one, as in "http://localhost:7373".';
      throw new PerdureError("invalid-argument", text);
    }
    this.all = [first, ...rest];
    this.#at = Math.floor(env.random() * this.all.length);
  }

  get now(): Address {
    return this.all[this.#at] ?? this.all[0];
  }

  /** `address` does not answer, or not for long any more. */
  moveOn(address: Address): void {
    if (address === this.now) this.#at = (this.#at + 1) % this.all.length;
  }
}
