/**
 * The nodes and workers of a simulation, and what keeps the workers going: one that is gone is
 * followed by a new one, one that lost its connection connects again, to whichever node it meets.
 */
import { MemoryNonces } from "@perdure/wire";
import { AppProcess } from "../remote/app-process.ts";
import { openDoors } from "../remote/doors.ts";
import { endpointOf } from "../remote/endpoint.ts";
import { drawKind, type Workers } from "../remote/kinds.ts";
import { Net } from "../remote/net.ts";
import { StreamProcess } from "../remote/stream-process.ts";
import { Web } from "../remote/web.ts";
import type { Prng } from "../world/prng.ts";
import { Crew } from "./crew.ts";
import type { Fleet } from "./fleet.ts";
import type { Membership, Node, NodeTuning } from "./node.ts";
import type { Parts } from "./parts.ts";
import { PeerWires } from "./peer-wires.ts";
import type { SimWorker } from "./sim-worker.ts";
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
  readonly kinds: Workers;
}

export class Cluster {
  readonly fleet: Fleet;
  readonly wires: PeerWires;
  readonly workers: SimWorker[] = [];
  /** Of stream workers. */
  readonly net: Net;
  readonly #parts: Parts;
  readonly #shape: ClusterShape;
  readonly #watch: Watch;
  readonly #prng: Prng;
  readonly #kinds: Prng;
  readonly #web: Web;
  readonly #nonces = new MemoryNonces();
  #workersBegun = 0;

  constructor(parts: Parts, shape: ClusterShape) {
    this.#parts = parts;
    this.#shape = shape;
    this.#watch = new Watch(parts);
    this.#prng = parts.prng.fork("cluster");
    this.#kinds = parts.prng.fork("kinds");
    this.net = new Net(parts);
    this.#web = new Web(parts);
    this.wires = new PeerWires(parts, this.#watch);
    const hooks = {
      up: (node: Node) => this.#up(node),
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

  crashWorker(worker: SimWorker): void {
    worker.kill();
    this.workers.splice(this.workers.indexOf(worker), 1);
    this.#parts.world.after(this.#prng.between(10, 1_000), () => this.#startWorker());
  }

  #lost(node: Node): void {
    for (const worker of this.workers) worker.lost(node);
  }

  #openDoors(node: Node): void {
    const { kinds, worker } = this.#shape;
    const hasApps = kinds === "push" || kinds === "mixed";
    const endpoint = hasApps ? endpointOf(worker.taskSlots, worker.terms) : undefined;
    const given = { parts: this.#parts, watch: this.#watch, web: this.#web, endpoint };
    node.doors = openDoors(given, node);
  }

  #startWorker(): void {
    this.#workersBegun += 1;
    const name = `worker-${this.#workersBegun}`;
    const worker = this.#newWorker(name);
    this.workers.push(worker);
    this.#connect(worker);
  }

  #newWorker(name: string): SimWorker {
    const { worker: tuning, kinds } = this.#shape;
    const kind = drawKind(kinds, this.#kinds);
    this.#parts.marks.hit(`workers: ${kind}`);
    if (kind === "link") return new WorkerProcess(this.#parts, this.#watch, name, tuning);
    const given = { parts: this.#parts, watch: this.#watch, tuning };
    const node = (): Node | undefined => this.fleet.pick(this.#kinds);
    if (kind === "stream") return new StreamProcess({ ...given, net: this.net, node }, name);
    return new AppProcess({ ...given, web: this.#web, nonces: this.#nonces }, name);
  }

  #up(node: Node): void {
    if (this.#shape.kinds !== "link") this.#openDoors(node);
    for (const worker of this.workers) if (!worker.isConnected) this.#connect(worker);
  }

  #connect(worker: SimWorker): void {
    const node = this.fleet.pick(this.#prng);
    if (node === undefined || worker.isConnected || !worker.process.isAlive) return;
    worker.connect?.(node, () => {
      worker.process.after(this.#prng.between(1, 500), () => this.#connect(worker));
    });
  }
}
