/** Does harm to the streams of workers, at the rates of the seed's mix. */
import type { Parts } from "../cluster/parts.ts";
import type { Fault } from "../faults/mix.ts";
import type { Prng } from "../world/prng.ts";
import type { Net } from "./net.ts";

const EVERY_MS = 200;

export class NetNemesis {
  readonly #parts: Parts;
  readonly #net: Net;
  readonly #prng: Prng;
  readonly #deeds: readonly (readonly [Fault, () => void])[];
  #isDone = false;

  constructor(parts: Parts, net: Net) {
    this.#parts = parts;
    this.#net = net;
    this.#prng = parts.prng.fork("net nemesis");
    this.#deeds = [
      ["oneWay", () => this.#silence()],
      ["reconnectStorm", () => this.#storm()],
    ];
  }

  start(): void {
    this.#parts.onceHealed(() => (this.#isDone = true));
    this.#comeLater();
  }

  #comeLater(): void {
    this.#parts.world.after(EVERY_MS, () => {
      if (this.#isDone) return;
      this.#strike();
      this.#comeLater();
    });
  }

  #strike(): void {
    const { mix, marks, deeds } = this.#parts;
    for (const [fault, deed] of this.#deeds) {
      if (!this.#prng.chance((mix()[fault] * EVERY_MS) / 1_000)) continue;
      if (this.#net.wires.size === 0 || !deeds.allows(fault)) continue;
      marks.hit(`fault: ${fault}`);
      deed();
    }
  }

  #silence(): void {
    const wire = this.#prng.pick([...this.#net.wires]);
    const way = this.#prng.pick(["toWorker", "toNode"] as const);
    const ms = this.#prng.pick([100, 1_000, 5_000]);
    this.#parts.trace.note("a stream", "is silent", `${way} for ${ms} ms`);
    wire.silence(way, ms);
  }

  #storm(): void {
    const ms = this.#prng.pick([500, 3_000]);
    this.#parts.trace.note("streams", "break", `all of them, for ${ms} ms`);
    this.#net.stormUntil = this.#parts.world.now + ms;
    for (const wire of this.#net.wires) wire.reset();
  }
}
