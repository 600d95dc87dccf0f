/** The streams of one database whose housekeeping is due, in the order in which they were named. */
import { Fifo } from "../core/fifo.ts";
import type { Live } from "./live.ts";

/** So many streams that are due are worth a commit before their time. */
const WORTH_A_COMMIT = 32;

export interface Named {
  readonly live: Live;
  /** Its partition's memory; with another, it counts no more. */
  readonly generation: number;
}

export class Due {
  readonly #named = new Fifo<Named>();
  /** So many have had their turn, and so many must have it now. */
  #tidied = 0;
  #goal = 0;

  get length(): number {
    return this.#named.length;
  }

  get isWorthACommit(): boolean {
    return this.#named.length >= WORTH_A_COMMIT;
  }

  /** Somebody must have his turn. */
  get isRipe(): boolean {
    return this.#tidied < this.#goal || this.isWorthACommit;
  }

  push(named: Named): void {
    this.#named.push(named);
  }

  /** All that is named must have its turn now. Is there anything? */
  ripen(): boolean {
    this.#goal = this.#tidied + this.#named.length;
    return this.#named.length > 0;
  }

  take(): Named | undefined {
    const named = this.#named.shift();
    if (named !== undefined) this.#tidied++;
    return named;
  }

  /** Has all had its turn that must have it now? To be asked later. */
  expected(): () => boolean {
    const goal = this.#goal;
    return () => this.#tidied >= goal;
  }
}
