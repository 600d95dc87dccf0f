/** How often one credential, or one address, may ask: a token bucket each (GCRA, in one number). */
import { PerdureError } from "@perdure/kernel";

export interface Rate {
  readonly perSecond: number;
  /** So many at once after a pause. */
  readonly burst: number;
}

export class Rates {
  readonly #everyMs: number;
  readonly #leewayMs: number;
  readonly #maxEntries: number;
  readonly #now: () => number;
  /** Per id, the time up to which its requests are paid for; in the order of use. */
  readonly #paidUntil = new Map<string, number>();

  /** `now`: ms, never going back. */
  constructor({ perSecond, burst }: Rate, maxEntries: number, now: () => number) {
    this.#everyMs = 1000 / perSecond;
    this.#leewayMs = this.#everyMs * (burst - 1);
    this.#maxEntries = maxEntries;
    this.#now = now;
  }

  /** Throws `overloaded` with the ms after which one more is fine. */
  take(id: string): void {
    const now = this.#now();
    const paid = Math.max(this.#paidUntil.get(id) ?? now, now);
    const waitMs = paid - now - this.#leewayMs;
    // A rounding error is not a reason to refuse.
    if (waitMs > 1e-6) throw tooOften(Math.ceil(waitMs));
    this.#paidUntil.delete(id);
    this.#paidUntil.set(id, paid + this.#everyMs);
    if (this.#paidUntil.size > this.#maxEntries) this.#forgetOldest();
  }

  /** It gets its burst anew, which is what somebody unknown gets too. */
  #forgetOldest(): void {
    const [oldest] = this.#paidUntil.keys();
    if (oldest !== undefined) this.#paidUntil.delete(oldest);
  }
}

function tooOften(retryAfterMs: number): PerdureError {
  const text = `Too many requests: the next one is fine in ${retryAfterMs} ms. Ask less often.`;
  return new PerdureError("overloaded", text, { detail: { retryAfterMs } });
}
