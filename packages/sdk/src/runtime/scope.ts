/** A part of the code that is cancelled together. Scopes form a tree; a shield ends the reach. */
import type { CancelledError } from "../errors.ts";

export class Scope {
  readonly #parent: Scope | undefined;
  readonly #isShielded: boolean;
  #error: CancelledError | undefined;

  constructor(parent?: Scope, isShielded = false) {
    this.#parent = parent;
    this.#isShielded = isShielded;
  }

  /** Set once the scope, or one that it lies in, is cancelled. */
  get error(): CancelledError | undefined {
    return this.#error ?? (this.#isShielded ? undefined : this.#parent?.error);
  }

  /** False when it was cancelled before. */
  cancel(error: CancelledError): boolean {
    if (this.error) return false;
    this.#error = error;
    return true;
  }
}
