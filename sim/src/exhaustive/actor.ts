/** A process of the small world, and its past: all that it is follows from its past. */
import { Prng } from "../world/prng.ts";
import { Process } from "../world/process.ts";
import type { Trace } from "../world/trace.ts";
import { digestOf } from "./digest.ts";
import { Lane } from "./lane.ts";

export class Actor {
  readonly lane: Lane = new Lane();
  readonly process: Process;
  /** Of all that has reached it, in order. */
  #past = "";
  /** Of all that it did to the outside, in order; its death does not undo it. */
  #deeds = "";

  constructor(name: string, now: number, trace: Trace) {
    this.lane.now = now;
    this.process = new Process(this.lane, name, new Prng(1), (process, level, message) => {
      trace.note(process.name, level, message);
    });
  }

  get name(): string {
    return this.process.name;
  }

  get state(): string {
    const { isAlive } = this.process;
    return `${this.name} ${isAlive ? `${this.#past} ${this.lane.now}` : "dead"} ${this.#deeds}`;
  }

  meets(what: string): void {
    this.#past = digestOf(`${this.#past} ${this.lane.now} ${what}`);
  }

  does(what: string): void {
    this.#deeds = digestOf(`${this.#deeds} ${what}`);
  }
}
