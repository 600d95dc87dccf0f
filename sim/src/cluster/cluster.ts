/**
 * The nodes and workers of a simulation, and what keeps them going: a node or a worker that is
 * gone is followed by a new one, a worker that lost its connection connects again.
 *
 * 1. At most one node is `current`; older ones may still run and do not know better.
 * 2. A dead process is never revived: its successor knows what is on disk and nothing else.
 */
import type { Prng } from "../world/prng.ts";
import { Node, type NodeTuning } from "./node.ts";
import type { Parts } from "./parts.ts";
import { Watch } from "./watch.ts";
import { WorkerProcess, type WorkerTuning } from "./worker-process.ts";

export interface ClusterShape {
  readonly workers: number;
  readonly node: NodeTuning;
  readonly worker: WorkerTuning;
}

export class Cluster {
  current: Node | undefined;
  /** Every node that still runs. */
  readonly nodes = new Set<Node>();
  readonly workers: WorkerProcess[] = [];
  readonly #parts: Parts;
  readonly #shape: ClusterShape;
  readonly #watch: Watch;
  readonly #prng: Prng;
  #isOver = false;
  #nodesBegun = 0;
  #workersBegun = 0;

  constructor(parts: Parts, shape: ClusterShape) {
    this.#parts = parts;
    this.#shape = shape;
    this.#watch = new Watch(parts);
    this.#prng = parts.prng.fork("cluster");
  }

  start(): void {
    this.openNode();
    for (let i = 0; i < this.#shape.workers; i++) this.#startWorker();
  }

  /** Nobody does anything any more. */
  stop(): void {
    this.#isOver = true;
    for (const node of this.nodes) node.process.kill();
    for (const { process } of this.workers) process.kill();
  }

  openNode(): void {
    if (this.#isOver) return;
    this.#nodesBegun += 1;
    const node = new Node(this.#parts, `node-${this.#nodesBegun}`, (gone) => this.#nodeGone(gone));
    this.nodes.add(node);
    node.open(this.#shape.node, (up) => this.#nodeUp(up));
  }

  crashNode(node: Node): void {
    node.kill("crashes");
    this.#nodeGone(node);
  }

  crashWorker(worker: WorkerProcess): void {
    worker.kill();
    this.workers.splice(this.workers.indexOf(worker), 1);
    this.#parts.world.after(this.#prng.between(10, 1_000), () => this.#startWorker());
  }

  /** The newest node that is up; older ones lose their workers sooner or later. */
  #nodeUp(node: Node): void {
    const before = this.current;
    this.current = node;
    for (const worker of this.workers) if (!worker.isConnected) this.#connect(worker);
    if (before === undefined || before === node) return;
    this.#parts.world.after(this.#prng.between(0, 3_000), () => this.#abandon(before));
  }

  #abandon(node: Node): void {
    for (const worker of this.workers) if (worker.node === node) worker.connection?.cut();
    this.#parts.world.after(this.#prng.between(0, 3_000), () => {
      node.kill("is switched off");
      this.#nodeGone(node);
    });
  }

  #nodeGone(node: Node): void {
    this.nodes.delete(node);
    for (const worker of this.workers) if (worker.node === node) worker.connection?.cut();
    if (this.current === node) this.current = undefined;
    if (this.nodes.size > 0) return;
    this.#parts.world.after(this.#prng.between(1, 1_500), () => {
      if (this.nodes.size === 0) this.openNode();
    });
  }

  #startWorker(): void {
    this.#workersBegun += 1;
    const name = `worker-${this.#workersBegun}`;
    const worker = new WorkerProcess(this.#parts, this.#watch, name, this.#shape.worker);
    this.workers.push(worker);
    this.#connect(worker);
  }

  #connect(worker: WorkerProcess): void {
    const { current } = this;
    if (current === undefined || worker.isConnected || !worker.process.isAlive) return;
    worker.connect(current, () => {
      worker.process.after(this.#prng.between(1, 500), () => this.#connect(worker));
    });
  }
}
