/** The connections of stream workers that are open now. */
import type { StreamSocket } from "@perdure/server/workers";
import type { Ear, Line } from "perdure/worker";
import type { Node } from "../cluster/node.ts";
import type { Parts } from "../cluster/parts.ts";
import type { Prng } from "../world/prng.ts";
import type { Process } from "../world/process.ts";
import { Wire } from "./wire.ts";

export class Net {
  readonly wires = new Set<Wire>();
  /** Until then no connection lives long. */
  stormUntil = 0;
  readonly #parts: Parts;
  readonly #prng: Prng;
  #dialled = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#prng = parts.prng.fork("net");
  }

  /** To whatever node takes connections now; without one the dialler is told that nobody listens. */
  dial(worker: Process, node: Node | undefined, ear: Ear): Line & { readonly wire?: Wire } {
    const accept = node?.doors?.accept;
    if (node === undefined || accept === undefined || !node.process.isAlive) {
      return unheard(worker, this.#prng.between(1, 100), ear);
    }
    this.#dialled += 1;
    const { world, mix } = this.#parts;
    const drawn = this.#prng.fork(`wire ${this.#dialled}`);
    const wire = new Wire(this.#parts, drawn, [worker, node.process], () =>
      this.wires.delete(wire),
    );
    this.wires.add(wire);
    const line = wire.dial(ear, (socket: StreamSocket) => accept(socket, worker.name));
    if (world.now < this.stormUntil && mix().reconnectStorm > 0) {
      world.after(this.#prng.between(0, 400), () => wire.reset());
    }
    return { ...line, wire };
  }
}

/** Nobody listens. */
function unheard(worker: Process, ms: number, ear: Ear): Line {
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    ear.ended("");
  };
  worker.after(ms, () => {
    if (isOver) return;
    ear.failed(new Error("nobody listens there"));
    end();
  });
  const soon = (): void => void worker.after(0, end);
  return { send: () => undefined, close: soon, terminate: soon };
}
