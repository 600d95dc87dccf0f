/** Waits for the n-th message of a direction, and has something done to it. */
import type { Direction, Judge, Verdict } from "./fault-proxy.ts";

export class NthMessage {
  readonly #direction: Direction;
  readonly #verdict: Verdict;
  #left: number;

  constructor(direction: Direction, n: number, verdict: Verdict) {
    this.#direction = direction;
    this.#left = n;
    this.#verdict = verdict;
  }

  get wasReached(): boolean {
    return this.#left <= 0;
  }

  readonly judge: Judge = ({ direction }) => {
    if (this.wasReached || direction !== this.#direction) return "pass";
    this.#left -= 1;
    return this.wasReached ? this.#verdict : "pass";
  };
}
