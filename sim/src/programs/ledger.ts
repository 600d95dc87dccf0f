/**
 * The outside world: it remembers every effect under the idempotency key that came with it, as a
 * payment service would. It outlives all processes.
 *
 * 1. An effect under a known key is the same effect again: it is counted and changes nothing.
 */
export interface Execution {
  readonly attempt: number;
  readonly maybeRan: boolean;
  readonly at: number;
  readonly process: string;
  /** By somebody who had lost the run or the attempt before it began. */
  readonly isStray: boolean;
}

export interface Effect {
  readonly key: string;
  readonly runId: string;
  readonly what: string;
  readonly output: string;
  readonly executions: Execution[];
}

export class Ledger {
  readonly #effects = new Map<string, Effect>();
  /** In the order of their first execution. */
  readonly order: Effect[] = [];

  act(wanted: Omit<Effect, "executions">, execution: Execution): Effect {
    let effect = this.#effects.get(wanted.key);
    if (effect === undefined) {
      effect = { ...wanted, executions: [] };
      this.#effects.set(wanted.key, effect);
      this.order.push(effect);
    }
    effect.executions.push(execution);
    return effect;
  }

  find(key: string): Effect | undefined {
    return this.#effects.get(key);
  }

  of(runId: string, what: string): Effect | undefined {
    return this.order.find((effect) => effect.runId === runId && effect.what === what);
  }
}
