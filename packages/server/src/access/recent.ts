/**
 * What was read of late, for those who would ask another node for it with every request.
 *
 * R1  What was written here is read here from then on.
 * R2  What another node has written is read here within `freshMs`.
 * R3  What is not found in it was not there a moment ago (`newer`).
 * R4  While nobody can be asked, what is known counts for `staleMs` in all, and then no longer.
 */
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";

/** Of what is fresh: so new that it need not be read again for what is not in it. */
const NEW = 0.1;

export interface RecentParts<T> {
  readonly env: Pick<Env, "monotonic">;
  readonly read: () => Promise<T>;
  readonly freshMs: number;
  readonly staleMs: number;
}

export class Recent<T> {
  readonly #parts: RecentParts<T>;
  #known: { readonly value: T; readonly at: number } | undefined;
  #reading: Promise<T> | undefined;
  /** Counts what was written here: what was read before it is old. */
  #writes = 0;

  constructor(parts: RecentParts<T>) {
    this.#parts = parts;
  }

  async get(): Promise<T> {
    const known = this.#known;
    const ageMs = this.#parts.env.monotonic() - (known?.at ?? -Infinity);
    if (known !== undefined && ageMs < this.#parts.freshMs) return known.value;
    try {
      return await (this.#reading ??= this.#read());
    } catch (error) {
      if (known !== undefined && isAway(error) && ageMs < this.#parts.staleMs) return known.value;
      throw error;
    }
  }

  /** Something is looked for that may have been written elsewhere just now. */
  async newer(): Promise<T> {
    const { env, freshMs } = this.#parts;
    const isNew = env.monotonic() - (this.#known?.at ?? -Infinity) < freshMs * NEW;
    if (!isNew) this.#known = undefined;
    return this.get();
  }

  /** Something was written here. */
  forget(): void {
    this.#writes++;
    this.#known = undefined;
    this.#reading = undefined;
  }

  async #read(): Promise<T> {
    const writes = this.#writes;
    const at = this.#parts.env.monotonic();
    try {
      const value = await this.#parts.read();
      if (writes === this.#writes) this.#known = { value, at };
      return value;
    } finally {
      if (writes === this.#writes) this.#reading = undefined;
    }
  }
}

function isAway(error: unknown): boolean {
  return error instanceof PerdureError && (error.code === "unavailable" || error.code === "fenced");
}
