/**
 * Calls to a cluster, each to a node of chance, with what may be known of them afterwards.
 *
 * 1. `once` calls once. Without an answer nobody knows whether it was done.
 * 2. `until` calls again and again, to any node: only for what is done once however often it is
 *    asked for.
 */
import { setTimeout as delay } from "node:timers/promises";
import { PerdureError, RunFailedError, type Perdure } from "perdure";
import type { Random } from "../fuzz/random.ts";

const ONCE_MS = 5_000;
const UNTIL_MS = 120_000;
const RETRY_MS = 50;

export interface Answer<T> {
  readonly at: number;
  readonly output: T;
}

export class Caller {
  readonly random: Random;
  readonly #nodes: readonly Perdure[];
  #calls = 0;
  #unanswered = 0;

  /** One client for each node. */
  constructor(nodes: readonly Perdure[], random: Random) {
    this.#nodes = nodes;
    this.random = random;
  }

  get calls(): number {
    return this.#calls;
  }

  get unanswered(): number {
    return this.#unanswered;
  }

  now(): number {
    return performance.now();
  }

  async once<T>(call: (perdure: Perdure) => Promise<T>): Promise<Answer<T> | undefined> {
    this.#calls += 1;
    try {
      const output = await within(ONCE_MS, call(this.random.pick(this.#nodes)));
      return { at: this.now(), output };
    } catch (error) {
      if (!isTrouble(error)) throw error;
      this.#unanswered += 1;
      await delay(RETRY_MS);
      return undefined;
    }
  }

  async until<T>(call: (perdure: Perdure) => Promise<T>): Promise<Answer<T>> {
    const end = this.now() + UNTIL_MS;
    for (;;) {
      const answer = await this.once(call);
      if (answer !== undefined) return answer;
      if (this.now() > end) throw new Error(`no answer within ${UNTIL_MS} ms, however often asked`);
    }
  }
}

class Late extends Error {}

/** What happens while nodes die; anything else is an answer that must not be. */
function isTrouble(error: unknown): boolean {
  if (error instanceof RunFailedError) return false;
  return error instanceof Late || (error instanceof PerdureError && error.retry !== "never");
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Late(`no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
