/**
 * How often attempts of a queue's remote steps may start, over all workers of this node: a leaky
 * bucket per queue that says when the next one may.
 *
 * R1  In any time of `t` seconds at most `burst + perSecond * t` attempts start, by the strictest
 *     of the registered workers' rates and bursts.
 * R2  Who is refused is called when the next token is there. Nobody polls, and no timer is set for
 *     a queue that nobody asks for.
 * R3  A worker that leaves and comes back finds the bucket as it left it.
 */
import type { Env } from "../env.ts";
import type { QueueRate, ServedQueue } from "../worker.ts";

/** What rounding may cost a token, so that no one is waited for twice. */
const TOLERANCE = 1e-6;
/** Timers of the platform go no further than 24 days. */
const LONGEST_WAIT_MS = 3_600_000;

export class QueueRates {
  readonly #env: Env;
  readonly #wake: (namespace: string, queue: string) => void;
  readonly #rates = new Map<string, Throttle>();

  constructor(env: Env, wake: (namespace: string, queue: string) => void) {
    this.#env = env;
    this.#wake = wake;
  }

  join(namespace: string, { name, rate }: ServedQueue): void {
    if (rate === undefined) return;
    const id = idOf(namespace, name);
    let throttle = this.#rates.get(id);
    if (throttle === undefined) {
      throttle = new Throttle(this.#env, () => this.#wake(namespace, name));
      this.#rates.set(id, throttle);
    }
    throttle.join(rate);
  }

  leave(namespace: string, { name, rate }: ServedQueue): void {
    if (rate === undefined) return;
    const id = idOf(namespace, name);
    const throttle = this.#rates.get(id);
    throttle?.leave(rate, () => this.#rates.delete(id));
  }

  /** Undefined: as often as they come. */
  of(namespace: string, queue: string): Throttle | undefined {
    const throttle = this.#rates.get(idOf(namespace, queue));
    return throttle?.isInForce ? throttle : undefined;
  }
}

export class Throttle {
  readonly #env: Env;
  readonly #wake: () => void;
  readonly #rates: QueueRate[] = [];
  #perSecond = Infinity;
  #burst = Infinity;
  /** Attempts started that count still, as of `#at`. */
  #level = 0;
  #at: number;
  #cancel: (() => void) | undefined;

  constructor(env: Env, wake: () => void) {
    this.#env = env;
    this.#wake = wake;
    this.#at = env.monotonic();
  }

  get isInForce(): boolean {
    return this.#rates.length > 0;
  }

  get perSecond(): number {
    return this.#perSecond;
  }

  /** Until the next token; 0: there is one. */
  get waitMs(): number {
    this.#leak();
    const over = this.#level + 1 - this.#burst - TOLERANCE;
    return over <= 0 ? 0 : Math.ceil((over / this.#perSecond) * 1_000);
  }

  /** Whoever is refused is called when there is a token (R2). */
  admits(): boolean {
    const { waitMs } = this;
    if (waitMs === 0) return true;
    this.#cancel ??= this.#env.after(Math.min(waitMs, LONGEST_WAIT_MS), () => {
      this.#cancel = undefined;
      this.#wake();
    });
    return false;
  }

  take(): void {
    this.#leak();
    this.#level++;
  }

  join(rate: QueueRate): void {
    this.#rates.push(rate);
    this.#strictest();
  }

  /** `forget` when nobody has a rate any more and the bucket has nothing to tell (R3). */
  leave(rate: QueueRate, forget: () => void): void {
    this.#rates.splice(this.#rates.indexOf(rate), 1);
    if (this.isInForce) return this.#strictest();
    // Whoever waited is no longer held up; the rate of old goes on for the bucket alone.
    this.#disarm();
    this.#env.defer(this.#wake);
    this.#forgetWhenEmpty(forget);
  }

  #forgetWhenEmpty(forget: () => void): void {
    this.#leak();
    if (this.#level <= TOLERANCE) return forget();
    const emptyMs = Math.ceil((this.#level / this.#perSecond) * 1_000);
    this.#cancel = this.#env.after(Math.min(emptyMs, LONGEST_WAIT_MS), () => {
      this.#cancel = undefined;
      this.#forgetWhenEmpty(forget);
    });
  }

  #strictest(): void {
    this.#leak();
    this.#perSecond = Math.min(...this.#rates.map(({ perSecond }) => perSecond));
    this.#burst = Math.min(...this.#rates.map(burstOf));
    this.#level = Math.min(this.#level, this.#burst);
    // What was waited for may come sooner or later now: whoever waits asks again.
    this.#disarm();
    this.#env.defer(this.#wake);
  }

  #leak(): void {
    const now = this.#env.monotonic();
    if (this.#level > 0) {
      this.#level = Math.max(0, this.#level - ((now - this.#at) * this.#perSecond) / 1_000);
    }
    this.#at = now;
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

function burstOf({ perSecond, burst = Math.max(1, perSecond) }: QueueRate): number {
  return burst;
}

function idOf(namespace: string, queue: string): string {
  return `${namespace.length}:${namespace}/${queue}`;
}
