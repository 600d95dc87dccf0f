/** A world whose time passes only when it is told to. Chance is seeded. */
import type { Env } from "@perdure/engine";
import { invariant } from "@perdure/kernel";
import type { LogSink } from "../ctx/log.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly call: () => void;
}

export class VirtualEnv implements Env {
  readonly log: LogSink;
  #now: number;
  #timers: Timer[] = [];
  #order = 0;
  #deferred = 0;
  #seed = 1;

  constructor(startAt: number, log: LogSink) {
    this.#now = startAt;
    this.log = log;
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
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), this.#seed | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), order: this.#order++, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  defer(call: () => void): void {
    this.#deferred += 1;
    setImmediate(call);
  }

  /** Goes up with everything that happens. */
  get activity(): number {
    return this.#deferred + this.#order;
  }

  /** The moment of the next timer. */
  get next(): number | undefined {
    return this.#soonest()?.at;
  }

  /** Goes to the next timer and calls it. */
  step(): void {
    const timer = this.#soonest();
    invariant(timer, "there is no timer to go to");
    this.#timers = this.#timers.filter((other) => other !== timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.call();
  }

  /** Goes on to a moment before the next timer. */
  passTo(moment: number): void {
    this.#now = Math.max(this.#now, moment);
  }

  #soonest(): Timer | undefined {
    let soonest: Timer | undefined;
    for (const timer of this.#timers) {
      const isSooner = !soonest || timer.at < soonest.at;
      if (isSooner || (timer.at === soonest?.at && timer.order < soonest.order)) soonest = timer;
    }
    return soonest;
  }
}
