/**
 * Steps of other nodes that wait for a token of their queue. The rate of a worker's queue holds at the
 * worker's node, wherever the steps come from.
 */
import { Fifo } from "../core/fifo.ts";
import type { QueueRates } from "./queue-rates.ts";

/** False: it is not wanted any more, and costs no token. */
export type Start = () => boolean;

export class LentStarts {
  readonly #rates: QueueRates;
  readonly #waiting = new Map<string, Fifo<Start>>();

  constructor(rates: QueueRates) {
    this.#rates = rates;
  }

  /** Calls at once, or when those before it have been called and there is a token. */
  add(namespace: string, queue: string, start: Start): void {
    const id = idOf(namespace, queue);
    const line = this.#waiting.get(id) ?? new Fifo();
    line.push(start);
    this.#waiting.set(id, line);
    this.serve(namespace, queue);
  }

  /** There may be a token, or no rate any more. */
  serve(namespace: string, queue: string): void {
    const id = idOf(namespace, queue);
    const line = this.#waiting.get(id);
    if (line === undefined) return;
    while (line.length > 0) {
      const rate = this.#rates.of(namespace, queue);
      if (rate?.admits() === false) return;
      const isStarted = line.shift()?.() === true;
      if (isStarted) rate?.take();
    }
    this.#waiting.delete(id);
  }
}

function idOf(namespace: string, queue: string): string {
  return `${namespace.length}:${namespace}/${queue}`;
}
