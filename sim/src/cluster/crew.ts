/**
 * Several nodes on one store, each with its share of the partitions. A node that is gone is followed
 * by a new one; now and then one more joins, and later one leaves in good order.
 *
 * A dead process is never revived: its successor has another name and knows what is on disk.
 */
import type { Prng } from "../world/prng.ts";
import type { Fleet, FleetHooks } from "./fleet.ts";
import { Node, type Membership, type NodeTuning } from "./node.ts";
import type { Parts } from "./parts.ts";
import type { PeerWires } from "./peer-wires.ts";

export interface CrewShape {
  readonly nodes: number;
  readonly node: NodeTuning;
  readonly membership: Membership;
}

export class Crew implements Fleet {
  readonly nodes: Set<Node> = new Set();
  readonly #parts: Parts;
  readonly #shape: CrewShape;
  readonly #wires: PeerWires;
  readonly #hooks: FleetHooks;
  readonly #prng: Prng;
  readonly #leaving = new Set<Node>();
  #isOver = false;
  #begun = 0;

  constructor(parts: Parts, shape: CrewShape, wires: PeerWires, hooks: FleetHooks) {
    this.#parts = parts;
    this.#shape = shape;
    this.#wires = wires;
    this.#hooks = hooks;
    this.#prng = parts.prng.fork("crew");
  }

  start(): void {
    for (let i = 0; i < this.#shape.nodes; i++) this.#open();
  }

  stop(): void {
    this.#isOver = true;
    for (const node of this.nodes) node.process.kill();
  }

  /** Any that is up: what is asked of it finds its way. */
  pick(prng: Prng): Node | undefined {
    const up = [...this.nodes].filter(({ engine }) => engine !== undefined);
    return up.length === 0 ? undefined : prng.pick(up);
  }

  crash(node: Node): void {
    node.kill("crashes");
    this.#gone(node);
  }

  addOne(): boolean {
    if (this.nodes.size > this.#shape.nodes) return false;
    this.#open();
    return true;
  }

  #open(): void {
    if (this.#isOver) return;
    this.#begun += 1;
    const node = new Node(this.#parts, `node-${this.#begun}`, (gone) => this.#gone(gone));
    const { node: tuning, membership } = this.#shape;
    this.nodes.add(node);
    const network = this.#wires.networkOf(node.process);
    node.open(tuning, { ...membership, network }, (up) => this.#up(up));
  }

  #up(node: Node): void {
    this.#hooks.up(node);
    if (this.nodes.size <= this.#shape.nodes) return;
    this.#parts.world.after(this.#prng.between(500, 5_000), () => this.#dismissOne());
  }

  /** Somebody leaves in good order: those who are too many. */
  #dismissOne(): void {
    const staying = [...this.nodes].filter((node) => !this.#leaving.has(node));
    const node = staying.length > this.#shape.nodes ? this.#prng.pick(staying) : undefined;
    if (node?.engine === undefined) return;
    this.#leaving.add(node);
    this.#parts.trace.note(node.process.name, "leaves");
    this.#parts.marks.hit("nodes: one leaves in good order");
    leave(node).then(
      () => this.#dismissed(node),
      () => this.#dismissed(node),
    );
  }

  #dismissed(node: Node): void {
    if (!node.process.isAlive) return;
    node.kill("has left");
    this.#gone(node);
  }

  #gone(node: Node): void {
    this.nodes.delete(node);
    this.#leaving.delete(node);
    this.#wires.lost(node.process);
    this.#hooks.gone(node);
    if (this.nodes.size >= this.#shape.nodes) return;
    this.#parts.world.after(this.#prng.between(1, 1_500), () => {
      if (this.nodes.size < this.#shape.nodes) this.#open();
    });
  }
}

/** As a server does: first those who are connected to it, then the engine. */
async function leave({ doors, engine }: Node): Promise<void> {
  await doors?.close();
  await engine?.close();
}
