/**
 * A simulated operating system process: the `Env` of the code that runs in it, and its mortality.
 *
 * 1. What it has to do is done in the order of the real thing: what was deferred first in, first
 *    out, timers by their time and then by their age. Only between processes the seed decides.
 * 2. A frozen process does nothing until it thaws; what became due meanwhile is then done late.
 * 3. A dead process never does anything again: its timers and its messages are gone.
 */
import type { Env } from "@perdure/engine";
import type { Prng } from "./prng.ts";
import type { World } from "./world.ts";

/** 2026-01-01T00:00:00Z: where every simulation begins. */
const EPOCH = 1_767_225_600_000;

interface Timer {
  readonly at: number;
  call: (() => void) | undefined;
}

export type LogLevel = Parameters<Env["log"]>[0];

export class Process implements Env {
  readonly name: string;
  /** Its clock against the world's, ms. */
  clockOffsetMs = 0;
  isAlive = true;
  readonly #world: World;
  readonly #prng: Prng;
  readonly #onLog: (process: Process, level: LogLevel, message: string, fields: unknown) => void;
  readonly #deferred: (() => void)[] = [];
  readonly #timers: Timer[] = [];
  #frozenUntil = 0;

  constructor(
    world: World,
    name: string,
    prng: Prng,
    onLog: (process: Process, level: LogLevel, message: string, fields: unknown) => void,
  ) {
    this.#world = world;
    this.name = name;
    this.#prng = prng.fork(name);
    this.#onLog = onLog;
  }

  get isFrozen(): boolean {
    return this.#world.now < this.#frozenUntil;
  }

  now(): number {
    return EPOCH + this.#world.now + this.clockOffsetMs;
  }

  monotonic(): number {
    return this.#world.now;
  }

  random(): number {
    return this.#prng.float();
  }

  after(ms: number, call: () => void): () => void {
    if (!this.isAlive) return () => undefined;
    const timer: Timer = { at: this.#world.now + Math.max(0, Math.ceil(ms)), call };
    insert(this.#timers, timer);
    this.#world.after(timer.at - this.#world.now, () => this.#fire());
    return () => {
      timer.call = undefined;
    };
  }

  defer(call: () => void): void {
    if (!this.isAlive) return;
    this.#deferred.push(call);
    this.#world.after(0, () => this.#runDeferred());
  }

  log(level: LogLevel, message: string, fields?: Record<string, unknown>): void {
    if (this.isAlive) this.#onLog(this, level, message, fields);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  freeze(ms: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, this.#world.now + ms);
  }

  kill(): void {
    this.isAlive = false;
    this.#deferred.length = 0;
    this.#timers.length = 0;
  }

  #runDeferred(): void {
    if (this.#isHeldBack(() => this.#runDeferred())) return;
    this.#deferred.shift()?.();
  }

  #fire(): void {
    if (this.#isHeldBack(() => this.#fire())) return;
    const [first] = this.#timers;
    if (first === undefined || first.at > this.#world.now) return;
    this.#timers.shift();
    first.call?.();
  }

  #isHeldBack(again: () => void): boolean {
    if (!this.isAlive) return true;
    if (!this.isFrozen) return false;
    this.#world.after(this.#frozenUntil - this.#world.now, again);
    return true;
  }
}

/** Behind all that are due no later. */
function insert(timers: Timer[], timer: Timer): void {
  let index = timers.length;
  while (index > 0 && (timers[index - 1]?.at ?? 0) > timer.at) index -= 1;
  timers.splice(index, 0, timer);
}
