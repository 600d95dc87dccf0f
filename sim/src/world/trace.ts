/**
 * The table of what happened, and its hash: two simulations with equal hashes took the same turns.
 */
import type { World } from "./world.ts";

export interface TraceLine {
  readonly at: number;
  readonly actor: string;
  readonly what: string;
  readonly detail: string;
}

export class Trace {
  readonly #world: World;
  readonly #keep: number;
  readonly #lines: TraceLine[] = [];
  #hash = 0x811c9dc5;

  /** Keeps the newest `keep` lines; the hash covers all. */
  constructor(world: World, keep: number) {
    this.#world = world;
    this.#keep = keep;
  }

  get hash(): string {
    return this.#hash.toString(16).padStart(8, "0");
  }

  get lines(): readonly TraceLine[] {
    return this.#lines.slice(-this.#keep);
  }

  note(actor: string, what: string, detail = ""): void {
    const { now } = this.#world;
    this.#mix(`${now} ${actor} ${what} ${detail}`);
    this.#lines.push({ at: now, actor, what, detail });
    if (this.#lines.length > this.#keep * 2) this.#lines.splice(0, this.#lines.length - this.#keep);
  }

  #mix(text: string): void {
    for (let i = 0; i < text.length; i++) {
      this.#hash = Math.imul(this.#hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
    }
  }
}
