/** What takes the steps of a run back, in the order in which they succeeded. */
import type { StepContext, Undo } from "../ctx/options.ts";
import type { Fiber } from "./fiber.ts";
import { LocalStep } from "./local-step.ts";
import { Scope } from "./scope.ts";

interface Entry {
  readonly key: string;
  readonly undo: (step: StepContext) => unknown;
}

export class Saga {
  readonly #fiber: Fiber;
  readonly #entries: Entry[] = [];

  constructor(fiber: Fiber) {
    this.#fiber = fiber;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  add<T>(key: string, undo: Undo<T>, result: T): void {
    this.#fiber.world.observer?.undoable?.(this.#fiber, key);
    this.#entries.push({ key, undo: (step) => undo(result, step) });
  }

  /**
   * Undoes one after the other, shielded from cancellation. An undo is tried again without end; one
   * that cannot succeed pauses the run for a person, so that nothing is ever silently half-undone.
   */
  async unwind(): Promise<void> {
    const shield = new Scope(undefined, true);
    for (let entry = this.#entries.pop(); entry; entry = this.#entries.pop()) {
      const step = new LocalStep(this.#fiber, shield, `undo:${entry.key}`, entry.undo, {
        retry: { maxAttempts: 0, onExhausted: "pause" },
        durability: "sync",
      });
      step.ask();
      await step.promise;
    }
  }
}
