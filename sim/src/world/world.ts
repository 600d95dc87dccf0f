/**
 * Virtual time and the seeded scheduler: all that happens in a simulation happens in here, one
 * event at a time, with every promise reaction run before the next event.
 *
 * 1. Time only moves from event to event; events at the same time take turns by the seed.
 * 2. Nothing reads a real clock, so the same seed gives the same events in the same order.
 */
import { Agenda } from "./agenda.ts";
import { drainMicrotasks } from "./drain.ts";
import type { Prng } from "./prng.ts";

export class World {
  /** Ms since the simulation began. */
  now = 0;
  /** Events so far. */
  events = 0;
  /** Events at this very moment. */
  eventsNow = 0;
  readonly #agenda = new Agenda();
  readonly #prng: Prng;

  /** `turns`: another order of what happens at the same time, without any other change. */
  constructor(prng: Prng, turns = 0) {
    this.#prng = prng.fork(turns === 0 ? "world" : `world ${turns}`);
  }

  after(delayMs: number, run: () => void): void {
    const at = this.now + Math.max(0, delayMs);
    this.#agenda.add({ at, tie: this.#prng.uint32(), run });
  }

  /** False: nothing is left to happen. */
  step(): boolean {
    const entry = this.#agenda.take();
    if (entry === undefined) return false;
    this.eventsNow = entry.at === this.now ? this.eventsNow + 1 : 1;
    this.now = entry.at;
    this.events += 1;
    entry.run();
    drainMicrotasks();
    return true;
  }

  /** Runs until `done`, or until the time or the agenda is up; says whether it was `done`. */
  runUntil(done: () => boolean, deadlineMs: number): boolean {
    drainMicrotasks();
    while (!done()) {
      if (this.now >= deadlineMs || !this.step()) return done();
    }
    return true;
  }
}
