/**
 * The agenda of one process: what it has to do at once, in order, and its timers. Nothing happens
 * by itself: whoever explores says when a process takes its next turn and when time passes.
 */
import { drainMicrotasks } from "../world/drain.ts";
import { Prng } from "../world/prng.ts";
import { World } from "../world/world.ts";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export class Lane extends World {
  readonly #turns: (() => void)[] = [];
  /** Soonest first; of equal times the older first. */
  readonly #timers: Timer[] = [];

  constructor() {
    super(new Prng(0));
  }

  get hasTurn(): boolean {
    return this.#turns.length > 0;
  }

  /** Until its next timer, ms. */
  get restMs(): number | undefined {
    const [next] = this.#timers;
    return next && next.at - this.now;
  }

  override after(delayMs: number, run: () => void): void {
    if (delayMs <= 0) {
      this.#turns.push(run);
      return;
    }
    const at = this.now + delayMs;
    const later = this.#timers.findIndex((timer) => timer.at > at);
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, { at, run });
  }

  turn(): void {
    this.#turns.shift()?.();
    drainMicrotasks();
  }

  turns(): void {
    drainMicrotasks();
    while (this.hasTurn) this.turn();
  }

  /** Timers that are due by then get their turns, each at its own time. */
  elapse(ms: number): void {
    const until = this.now + ms;
    for (let next = this.#timers[0]; next && next.at <= until; next = this.#timers[0]) {
      this.#timers.shift();
      this.now = next.at;
      next.run();
      drainMicrotasks();
    }
    this.now = until;
  }

  /** The world of a process that is alone in it: turns first, then the soonest timer. */
  override step(): boolean {
    if (this.hasTurn) {
      this.turn();
      return true;
    }
    const { restMs } = this;
    if (restMs === undefined) return false;
    this.elapse(restMs);
    return true;
  }
}
