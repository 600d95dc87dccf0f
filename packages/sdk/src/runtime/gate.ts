/** Local steps in the order they were asked for, until they may begin. */
import type { LocalStep } from "./local-step.ts";

export class Gate {
  #waiting: LocalStep[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  add(step: LocalStep): void {
    this.#waiting.push(step);
  }

  /** False: it was not waiting here. */
  remove(step: LocalStep): boolean {
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter((other) => other !== step);
    return this.#waiting.length < before;
  }

  /** Begins those that `may`. */
  open(may: (step: LocalStep) => boolean): void {
    if (this.#waiting.length === 0) return;
    const ready = this.#waiting.filter(may);
    this.#waiting = this.#waiting.filter((step) => !ready.includes(step));
    for (const step of ready) step.begin();
  }
}
