/** A worker process: the SDK's runtime, its connection, and its ways to die. */
import type { Worker } from "@perdure/engine";
import { define } from "../programs/definitions.ts";
import type { Process } from "../world/process.ts";
import { Connection } from "./connection.ts";
import type { Node } from "./node.ts";
import type { Parts } from "./parts.ts";
import type { Watch } from "./watch.ts";
import { startWorker, type Terms } from "./runtime.ts";
import { workerProcess, type SimWorker } from "./sim-worker.ts";
import { WorkerLink } from "./worker-link.ts";

export interface WorkerTuning {
  readonly taskSlots: number;
  readonly runSlots: number;
  readonly leaseMs: number;
  readonly terms: Terms;
}

export class WorkerProcess implements SimWorker {
  readonly process: Process;
  readonly #parts: Parts;
  readonly #watch: Watch;
  readonly #tuning: WorkerTuning;
  #connection: Connection | undefined;
  #node: Node | undefined;
  #connections = 0;

  constructor(parts: Parts, watch: Watch, name: string, tuning: WorkerTuning) {
    this.#parts = parts;
    this.#watch = watch;
    this.#tuning = tuning;
    this.process = workerProcess(parts, name);
  }

  get isConnected(): boolean {
    return this.#connection !== undefined && !this.#connection.isCut;
  }

  /** The node is gone, or is about to be. */
  lost(node: Node): void {
    if (this.#node === node) this.cut();
  }

  cut(): void {
    this.#connection?.cut();
  }

  /** Each connection gets a worker of its own; the one before lives on for as long as it has work. */
  connect(node: Node, onCut: () => void): void {
    const { engine } = node;
    if (engine === undefined) return;
    const { world, prng, bug, mix, trace } = this.#parts;
    this.#connections += 1;
    const id = `${this.process.name}.${this.#connections}`;
    const drawn = prng.fork(`connection ${id}`);
    const connection = new Connection(world, drawn, () => mix().linkDelayMs);
    this.#connection = connection;
    this.#node = node;
    trace.note(this.process.name, "connects", `${id} to ${node.process.name}`);
    const hooks = this.#watch.hooksFor(id, node.process.name);
    const link = new WorkerLink({
      connection,
      workerProcess: this.process,
      nodeProcess: node.process,
      host: bug.host?.(engine) ?? engine,
      hooks,
      isDeaf: () => drawn.chance(0.3),
      onCut: () => {
        trace.note(this.process.name, "lost its connection", id);
        stop();
        onCut();
      },
    });
    const bend = (worker: Worker): Worker => bug.worker?.(worker) ?? worker;
    const place = { name: id, isOf: (worker: string) => worker === id };
    const definitions = define(this.#watch.surroundingsFor(place, this.process));
    const stop = startWorker({
      id,
      env: this.process,
      host: link,
      definitions,
      bend,
      ...this.#tuning,
    });
  }

  kill(): void {
    this.#parts.trace.note(this.process.name, "crashes");
    this.process.kill();
    this.cut();
  }
}
