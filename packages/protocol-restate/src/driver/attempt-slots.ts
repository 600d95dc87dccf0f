/**
 * Attempts at a time at one endpoint: first come, first served.
 *
 * L1  Never more than `count` have a slot.
 * L2  Who waits longest goes first; who leaves the queue is not called.
 */

export interface Slot {
  /** Leaves the queue, or gives the slot to the next. Once. */
  free(): void;
}

export class AttemptSlots {
  readonly #count: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  readonly #crowded: () => void;

  /** `crowded`: somebody has to wait. */
  constructor(count: number, crowded: () => void = () => undefined) {
    this.#count = count;
    this.#crowded = crowded;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** If so many more took one now, nobody would have to wait. */
  hasRoomBeside(others: number): boolean {
    return this.#taken + others < this.#count;
  }

  /** Calls `enter` when there is room, at once if there is. */
  take(enter: () => void): Slot {
    let state: "waiting" | "in" | "left" = "waiting";
    const begin = (): void => {
      state = "in";
      this.#taken++;
      enter();
    };
    const slot: Slot = {
      free: () => {
        if (state === "waiting") this.#waiting.delete(begin);
        else if (state === "in") this.#leave();
        state = "left";
      },
    };
    if (this.#taken < this.#count) begin();
    else {
      this.#waiting.add(begin);
      this.#crowded();
    }
    return slot;
  }

  #leave(): void {
    this.#taken--;
    for (const next of this.#waiting) {
      if (this.#taken >= this.#count) return;
      this.#waiting.delete(next);
      next();
    }
  }
}
