/** A world in which time passes only when nothing else is left to do. */
import type { Env } from "../env.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly call: () => void;
}

export class VirtualEnv implements Env {
  /** What was logged as a warning or an error. */
  readonly logged: string[] = [];
  #now = Date.UTC(2026, 0, 1);
  #timers: Timer[] = [];
  #deferred: (() => void)[] = [];
  #order = 0;
  #seed: number;

  constructor(seed = 1) {
    this.#seed = seed;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  /** Mulberry32. */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), order: ++this.#order, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Timers that are set: in a real process each would keep it alive. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  defer(call: () => void): void {
    this.#deferred.push(call);
  }

  log(level: string, message: string): void {
    if (level === "warn" || level === "error") this.logged.push(message);
  }

  /** Everybody who runs in this world dies: no timer rings, nothing deferred is called. */
  kill(): void {
    this.#timers = [];
    this.#deferred = [];
  }

  /** Runs the world until the promise is settled; time jumps to the next timer when idle. */
  async run<T>(promise: Promise<T>): Promise<T> {
    const watched = { isDone: false };
    const done = (): void => {
      watched.isDone = true;
    };
    promise.then(done, done);
    for (let turns = 0; !watched.isDone; turns++) {
      if (turns > 200_000) throw new Error("the world does not come to rest");
      await this.#rest();
      if (watched.isDone) break;
      if (!this.#act()) throw new Error("nothing is left to do, and it is not done");
    }
    return promise;
  }

  /** Runs what can be run without time passing. */
  async still(): Promise<void> {
    do await this.#rest();
    while (this.#runDeferred());
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    await this.run(new Promise<void>((resolve) => void this.after(ms, resolve)));
    await this.still();
  }

  /** All promise reactions that are ready. */
  #rest(): Promise<void> {
    return new Promise((resolve) => void setImmediate(resolve));
  }

  #act(): boolean {
    return this.#runDeferred() || this.#ring();
  }

  #runDeferred(): boolean {
    const calls = this.#deferred;
    this.#deferred = [];
    for (const call of calls) call();
    return calls.length > 0;
  }

  #ring(): boolean {
    const next = this.#timers.toSorted((a, b) => a.at - b.at || a.order - b.order)[0];
    if (next === undefined) return false;
    this.#timers = this.#timers.filter((timer) => timer !== next);
    this.#now = Math.max(this.#now, next.at);
    next.call();
    return true;
  }
}
