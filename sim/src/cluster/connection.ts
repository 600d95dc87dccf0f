/**
 * A connection between two processes, as a stream protocol would give it.
 *
 * 1. Messages of one direction arrive in the order they were sent, late or not at all.
 * 2. Once cut, nothing that is sent arrives; what was on its way may still arrive, in order, up to
 *    where the cut took it.
 * 3. A direction that is silenced loses nothing: it all comes later, as what is sent again would.
 * 4. Either end learns of the cut some time later, each on its own, or never when it is dead.
 */
import type { Prng } from "../world/prng.ts";
import type { Process } from "../world/process.ts";
import type { World } from "../world/world.ts";

export interface End {
  readonly process: Process;
  /** The connection is gone. Called once. */
  onCut(): void;
}

interface Direction {
  lastArrival: number;
  silentUntil: number;
  readonly underWay: { readonly arrival: number; readonly receive: () => void }[];
}

export class Connection {
  readonly #world: World;
  readonly #prng: Prng;
  readonly #delayMs: () => number;
  readonly #directions = new Map<Process, Direction>();
  #ends: readonly End[] = [];
  #cutAt = Infinity;
  #onceCut: (() => void) | undefined;

  constructor(world: World, prng: Prng, delayMs: () => number) {
    this.#world = world;
    this.#prng = prng;
    this.#delayMs = delayMs;
  }

  get isCut(): boolean {
    return this.#cutAt !== Infinity;
  }

  attach(...ends: End[]): void {
    this.#ends = ends;
  }

  /** Has `receive` called in the receiving process. */
  send(to: Process, receive: () => void): void {
    if (this.isCut) return;
    const direction = this.#direction(to);
    const arrival = Math.max(
      direction.lastArrival,
      direction.silentUntil,
      this.#world.now + this.#prng.between(0, Math.ceil(this.#delayMs())),
    );
    direction.lastArrival = arrival;
    direction.underWay.push({ arrival, receive });
    this.#world.after(arrival - this.#world.now, () => this.#arrive(to, direction));
  }

  silence(to: Process, ms: number): void {
    const direction = this.#direction(to);
    direction.silentUntil = Math.max(direction.silentUntil, this.#world.now + ms);
  }

  onceCut(call: () => void): void {
    this.#onceCut = call;
  }

  cut(): void {
    if (this.isCut) return;
    this.#onceCut?.();
    this.#cutAt = this.#world.now + this.#prng.between(0, Math.ceil(this.#delayMs()));
    for (const end of this.#ends) {
      this.#world.after(this.#cutAt - this.#world.now + this.#prng.between(1, 500), () => {
        if (end.process.isAlive) end.process.after(0, () => end.onCut());
      });
    }
  }

  /** The oldest under way, whichever arrival this is: equal times must not reorder them. */
  #arrive(to: Process, { underWay }: Direction): void {
    const message = underWay.shift();
    if (message === undefined || message.arrival >= this.#cutAt || !to.isAlive) return;
    to.after(0, message.receive);
  }

  #direction(to: Process): Direction {
    let direction = this.#directions.get(to);
    if (direction === undefined) {
      direction = { lastArrival: 0, silentUntil: 0, underWay: [] };
      this.#directions.set(to, direction);
    }
    return direction;
  }
}
