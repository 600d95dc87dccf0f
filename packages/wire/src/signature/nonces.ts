/** Nonces that were used, for as long as their requests would be accepted. */
import { PerdureError } from "@perdure/kernel";
import { wireLimits } from "../limits.ts";

/**
 * Where an app that runs in several processes keeps nonces together: in Redis that is
 * `SET nonce 1 NX PXAT until`. The one in memory knows of its own process only, so a request caught
 * on the wire can be played again to each other process once, within the window.
 */
export interface NonceStore {
  /** True when nobody has claimed it yet; remembers it until then. Times in ms since epoch. */
  claim(nonce: string, until: number, now: number): boolean | Promise<boolean>;
}

export class MemoryNonces implements NonceStore {
  /** In the order they came, which is about that in which they end. */
  readonly #until = new Map<string, number>();

  get size(): number {
    return this.#until.size;
  }

  claim(nonce: string, until: number, now: number): boolean {
    this.#forget(now);
    if (this.#until.has(nonce)) return false;
    if (this.#until.size >= wireLimits.pushNonces) throw full();
    this.#until.set(nonce, until);
    return true;
  }

  #forget(now: number): void {
    for (const [nonce, until] of this.#until) {
      if (until >= now) return;
      this.#until.delete(nonce);
    }
  }
}

/** Forgetting one would let it be played again, so it is the new request that has to wait. */
function full(): PerdureError {
  const text = `${wireLimits.pushNonces} requests came within the time window: try again later.`;
  return new PerdureError("overloaded", text);
}
