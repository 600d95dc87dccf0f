/**
 * The nodes and workers of a simulation, and what keeps the workers going: one that is gone is
 * followed by a new one, one that lost its connection connects again, to whichever node it meets.
 */
import type { Prng } from "../world/prng.ts";
import { Crew } from "./crew.ts";
import type { Fleet } from "./fleet.ts";
import type { Membership, Node, NodeTuning } from "./node.ts";
import type { Parts } from "./parts.ts";
import { PeerWires } from "./peer-wires.ts";
import { Succession } from "./succession.ts";
import { Watch } from "./watch.ts";
import { WorkerProcess, type WorkerTuning } from "./worker-process.ts";

export interface ClusterShape {
  /** 0: one engine that has the store for itself. */
  readonly nodes: number;
  readonly membership: Membership;
  readonly workers: number;
  readonly node: NodeTuning;
  readonly worker: WorkerTuning;
}

export class Cluster {
  readonly fleet: Fleet;
  readonly wires: PeerWires;
  readonly workers: WorkerProcess[] = [];
  readonly #parts: Parts;
  readonly #shape: ClusterShape;
  readonly #watch: Watch;
  readonly #prng: Prng;
  #workersBegun = 0;

  constructor(parts: Parts, shape: ClusterShape) {
    this.#parts = parts;
    this.#shape = shape;
    this.#watch = new Watch(parts);
    this.#prng = parts.prng.fork("cluster");
    this.wires = new PeerWires(parts, this.#watch);
    const hooks = {
      up: () => this.#connectAll(),
      doomed: (node: Node) => this.#lost(node),
      gone: (node: Node) => this.#lost(node),
    };
    this.fleet =
      shape.nodes === 0
        ? new Succession(parts, shape.node, hooks)
        : new Crew(parts, shape, this.wires, hooks);
  }

  /** Every node that still runs. */
  get nodes(): ReadonlySet<Node> {
    return this.fleet.nodes;
  }

  start(): void {
    this.fleet.start();
    for (let i = 0; i < this.#shape.workers; i++) this.#startWorker();
  }

  /** Nobody does anything any more. */
  stop(): void {
    this.fleet.stop();
    for (const { process } of this.workers) process.kill();
  }

  crashWorker(worker: WorkerProcess): void {
    worker.kill();
    this.workers.splice(this.workers.indexOf(worker), 1);
    this.#parts.world.after(this.#prng.between(10, 1_000), () => this.#startWorker());
  }

  #lost(node: Node): void {
    for (const worker of this.workers) worker.lost(node);
  }

  #startWorker(): void {
    this.#workersBegun += 1;
    const name = `worker-${this.#workersBegun}`;
    const worker = new WorkerProcess(this.#parts, this.#watch, name, this.#shape.worker);
    this.workers.push(worker);
    this.#connect(worker);
  }

  #connectAll(): void {
    for (const worker of this.workers) if (!worker.isConnected) this.#connect(worker);
  }

  #connect(worker: WorkerProcess): void {
    const node = this.fleet.pick(this.#prng);
    if (node === undefined || worker.isConnected || !worker.process.isAlive) return;
    worker.connect(node, () => {
      worker.process.after(this.#prng.between(1, 500), () => this.#connect(worker));
    });
  }
}
