/**
 * One coarse clock for everything at an endpoint that may come to be late: no timer per event or
 * stream. It stands still while there is nothing to look at.
 */
import type { Env } from "@perdure/engine";
import { driverLimits } from "./limits.ts";

export interface Ticking {
  /** The shortest time that it has to notice. */
  readonly noticeMs: number;
  /** `now`: monotonic ms. */
  tick(now: number): void;
}

export class Ticker {
  readonly #env: Env;
  readonly #all = new Set<Ticking>();
  #cancel: (() => void) | undefined;
  #periodMs: number = driverLimits.tickMs;
  #isStopped = false;

  constructor(env: Env) {
    this.#env = env;
  }

  get all(): Iterable<Ticking> {
    return this.#all;
  }

  add(one: Ticking): void {
    this.#all.add(one);
    const periodMs = Math.max(driverLimits.shortestTickMs, one.noticeMs / 4);
    if (periodMs < this.#periodMs) {
      this.#periodMs = periodMs;
      this.#cancel?.();
      this.#cancel = undefined;
    }
    this.#arm();
  }

  remove(one: Ticking): void {
    this.#all.delete(one);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    this.#all.clear();
  }

  #arm(): void {
    if (this.#cancel !== undefined || this.#isStopped || this.#all.size === 0) return;
    this.#cancel = this.#env.after(this.#periodMs, () => {
      this.#cancel = undefined;
      this.#tick();
    });
  }

  #tick(): void {
    const now = this.#env.monotonic();
    let noticeMs: number = driverLimits.tickMs * 4;
    for (const one of this.#all) {
      noticeMs = Math.min(noticeMs, one.noticeMs);
      one.tick(now);
    }
    this.#periodMs = Math.max(driverLimits.shortestTickMs, noticeMs / 4);
    this.#arm();
  }
}
