/**
 * Gives turns to fibers, all of them together.
 *
 * A turn applies the next event of every fiber that has one, lets all microtasks run (one
 * `defer` for all fibers), and then has each say what its code asked for. So the cost of coming to
 * rest is shared, and commands of many runs reach the engine in one go.
 */
import type { Env } from "@perdure/engine";
import type { Fiber } from "../runtime/fiber.ts";

export class Turns {
  readonly #env: Env;
  readonly #leave: (code: () => void) => void;
  readonly #rested: (fiber: Fiber) => void;
  #ready = new Set<Fiber>();
  #isScheduled = false;

  /**
   * `leave`: see `World`. What is scheduled must not look like code of the run that asked.
   * `rested` is told of every fiber that has nothing to do in the next turn.
   */
  constructor(env: Env, leave: (code: () => void) => void, rested: (fiber: Fiber) => void) {
    this.#env = env;
    this.#leave = leave;
    this.#rested = rested;
  }

  wake(fiber: Fiber): void {
    this.#ready.add(fiber);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#leave(() => queueMicrotask(() => this.#turn()));
  }

  #turn(): void {
    const fibers = this.#ready;
    this.#ready = new Set();
    for (const fiber of fibers) fiber.advance();
    this.#env.defer(() => this.#settle(fibers));
  }

  #settle(fibers: ReadonlySet<Fiber>): void {
    for (const fiber of fibers) {
      if (fiber.settle()) this.#ready.add(fiber);
      else if (!this.#ready.has(fiber)) this.#rested(fiber);
    }
    this.#isScheduled = this.#ready.size > 0;
    if (this.#isScheduled) this.#turn();
  }
}
