/**
 * One engine at a time, as it is with a file of one's own.
 *
 * 1. At most one node is `current`; older ones may still run and do not know better.
 * 2. A dead process is never revived: its successor knows what is on disk and nothing else.
 */
import type { Prng } from "../world/prng.ts";
import type { Fleet, FleetHooks } from "./fleet.ts";
import { Node, type NodeTuning } from "./node.ts";
import type { Parts } from "./parts.ts";

export class Succession implements Fleet {
  readonly nodes: Set<Node> = new Set();
  readonly #parts: Parts;
  readonly #tuning: NodeTuning;
  readonly #hooks: FleetHooks;
  readonly #prng: Prng;
  #current: Node | undefined;
  #isOver = false;
  #begun = 0;

  constructor(parts: Parts, tuning: NodeTuning, hooks: FleetHooks) {
    this.#parts = parts;
    this.#tuning = tuning;
    this.#hooks = hooks;
    this.#prng = parts.prng.fork("succession");
  }

  start(): void {
    this.#open();
  }

  stop(): void {
    this.#isOver = true;
    for (const node of this.nodes) node.process.kill();
  }

  pick(): Node | undefined {
    return this.#current;
  }

  crash(node: Node): void {
    node.kill("crashes");
    this.#gone(node);
  }

  /** A second one opens the store while the first still runs. */
  addOne(): boolean {
    if (this.#current === undefined || this.nodes.size > 1) return false;
    this.#open();
    return true;
  }

  #open(): void {
    if (this.#isOver) return;
    this.#begun += 1;
    const node = new Node(this.#parts, `node-${this.#begun}`, (gone) => this.#gone(gone));
    this.nodes.add(node);
    node.open(this.#tuning, undefined, (up) => this.#up(up));
  }

  /** The newest node that is up; older ones lose their workers sooner or later. */
  #up(node: Node): void {
    const before = this.#current;
    this.#current = node;
    this.#hooks.up(node);
    if (before === undefined || before === node) return;
    this.#parts.world.after(this.#prng.between(0, 3_000), () => this.#abandon(before));
  }

  #abandon(node: Node): void {
    this.#hooks.doomed(node);
    this.#parts.world.after(this.#prng.between(0, 3_000), () => {
      node.kill("is switched off");
      this.#gone(node);
    });
  }

  #gone(node: Node): void {
    this.nodes.delete(node);
    if (this.#current === node) this.#current = undefined;
    this.#hooks.gone(node);
    if (this.nodes.size > 0) return;
    this.#parts.world.after(this.#prng.between(1, 1_500), () => {
      if (this.nodes.size === 0) this.#open();
    });
  }
}
