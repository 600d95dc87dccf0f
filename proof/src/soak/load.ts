/**
 * Clients that keep a server busy with one of everything, and check every answer.
 *
 * A call that nobody knows the outcome of counts as doubtful: a counter may stand between what was
 * acknowledged and that plus the doubtful ones.
 */
import { PerdureError, type AnyWorkflow, type Perdure, type StartOptions } from "perdure";
import {
  chain,
  counter,
  family,
  naps,
  remote,
  steps,
  stumbles,
  sumTo,
  waits,
} from "./definitions.ts";

const COUNTERS = 8;
const PATIENCE_MS = 120_000;

export interface Tally {
  /** Runs that ended, and as they had to. */
  done: number;
  /** Answers that were not the right ones. */
  readonly wrong: string[];
  /** Runs that did not end in time. */
  readonly lost: string[];
  readonly latenciesMs: number[];
  readonly counted: number[];
  readonly doubtful: number[];
}

export class Load {
  readonly tally: Tally = {
    done: 0,
    wrong: [],
    lost: [],
    latenciesMs: [],
    counted: Array.from({ length: COUNTERS }, () => 0),
    doubtful: Array.from({ length: COUNTERS }, () => 0),
  };
  readonly #perdure: Perdure;
  readonly #kinds: readonly ((n: number) => Promise<void>)[];
  #serial = 0;
  #isOver = false;

  constructor(perdure: Perdure) {
    this.#perdure = perdure;
    this.#kinds = [
      (n) => this.#run(steps, 5, n, sumTo(5)),
      (n) => this.#run(remote, 3, n, 2 * sumTo(3)),
      (n) => this.#run(naps, 200 + (n % 4_000), n, 200 + (n % 4_000)),
      (n) => this.#run(stumbles, 2, n, 3),
      (n) => this.#run(family, 5, n, 35),
      (n) => this.#run(chain, 3, n, 0),
      (n) => this.#waiting(n),
      (n) => this.#count(n),
    ];
  }

  /** So many at a time, until `stop`. */
  async go(lanes: number): Promise<void> {
    const lane = async (): Promise<void> => {
      while (!this.#isOver) {
        const n = ++this.#serial;
        const kind = this.#kinds[n % this.#kinds.length];
        await kind?.(n);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  }

  stop(): void {
    this.#isOver = true;
  }

  /** Every counter stands where its answers say. */
  async audit(): Promise<void> {
    const { counted, doubtful, wrong } = this.tally;
    for (const [i, least] of counted.entries()) {
      const now = await again(() => this.#perdure.object(counter, `counter-${i}`).add(0));
      const most = least + (doubtful[i] ?? 0);
      if (now < least || now > most) {
        wrong.push(`counter ${i} stands at ${now}, between ${least} and ${most} was counted`);
      }
    }
  }

  async #run(
    workflow: AnyWorkflow,
    input: number,
    n: number,
    expected: number,
    meanwhile: (id: string) => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const { tally } = this;
    const id = `${workflow.name}-${n}`;
    const began = performance.now();
    const options: StartOptions<never> = { id, requestId: id, input: input as never };
    const ended = (async (): Promise<unknown> => {
      const run = await again(() => this.#perdure.start(workflow, options));
      await meanwhile(id);
      return again(() => run.result());
    })();
    try {
      const result = await within(PATIENCE_MS, ended);
      if (result === expected) tally.done += 1;
      else tally.wrong.push(`${id} gave ${String(result)}, not ${expected}`);
      if (workflow !== naps) tally.latenciesMs.push(performance.now() - began);
    } catch (error) {
      tally.lost.push(`${id}: ${String(error)}`);
    }
  }

  #waiting(n: number): Promise<void> {
    return this.#run(waits, 0, n, 12, async (id) => {
      for (const value of [5, 7]) {
        await again(() => this.#perdure.signal({ id }, "go", value, { id: `${id}-${value}` }));
      }
    });
  }

  async #count(n: number): Promise<void> {
    const { counted, doubtful } = this.tally;
    const i = n % COUNTERS;
    try {
      await this.#perdure.object(counter, `counter-${i}`).add(1);
      counted[i] = (counted[i] ?? 0) + 1;
      this.tally.done += 1;
    } catch {
      doubtful[i] = (doubtful[i] ?? 0) + 1;
    }
  }
}

/** Until it is answered: the server may be gone for a while. */
async function again<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof PerdureError) || error.retry === "never") throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no end within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
