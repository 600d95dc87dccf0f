/** Does harm to processes and connections, at the rates of the seed's mix. */
import type { Cluster } from "../cluster/cluster.ts";
import type { Parts } from "../cluster/parts.ts";
import type { Process } from "../world/process.ts";
import type { Prng } from "../world/prng.ts";
import type { Fault } from "./mix.ts";

const EVERY_MS = 200;

export class Nemesis {
  readonly #parts: Parts;
  readonly #cluster: Cluster;
  readonly #prng: Prng;
  readonly #deeds: readonly (readonly [Fault, () => boolean])[];

  constructor(parts: Parts, cluster: Cluster) {
    this.#parts = parts;
    this.#cluster = cluster;
    this.#prng = parts.prng.fork("nemesis");
    this.#deeds = [
      ["nodeCrash", () => this.#crashNode()],
      ["nodeZombie", () => this.#openSecondNode()],
      ["nodePause", () => this.#freeze([...cluster.nodes].map(({ process }) => process))],
      ["workerCrash", () => this.#crashWorker()],
      ["workerPause", () => this.#freeze(cluster.workers.map(({ process }) => process))],
      ["linkCut", () => this.#cut()],
      ["clockJump", () => this.#jump()],
    ];
  }

  start(): void {
    this.#parts.world.after(EVERY_MS, () => {
      this.#strike();
      this.start();
    });
  }

  #strike(): void {
    const mix = this.#parts.mix();
    for (const [fault, deed] of this.#deeds) {
      if (!this.#prng.chance((mix[fault] * EVERY_MS) / 1_000)) continue;
      if (deed()) this.#parts.marks.hit(`fault: ${fault}`);
    }
  }

  #crashNode(): boolean {
    const nodes = [...this.#cluster.nodes];
    if (nodes.length === 0) return false;
    this.#cluster.crashNode(this.#prng.pick(nodes));
    return true;
  }

  #openSecondNode(): boolean {
    if (this.#cluster.current === undefined || this.#cluster.nodes.size > 1) return false;
    this.#cluster.openNode();
    return true;
  }

  #crashWorker(): boolean {
    const { workers } = this.#cluster;
    if (workers.length === 0) return false;
    this.#cluster.crashWorker(this.#prng.pick(workers));
    return true;
  }

  #freeze(processes: readonly Process[]): boolean {
    if (processes.length === 0) return false;
    const process = this.#prng.pick(processes);
    const ms = this.#prng.pick([50, 500, 3_000, 6_000]);
    this.#parts.trace.note(process.name, "freezes", `for ${ms} ms`);
    process.freeze(ms);
    return true;
  }

  #cut(): boolean {
    const connected = this.#cluster.workers.filter(({ isConnected }) => isConnected);
    if (connected.length === 0) return false;
    const worker = this.#prng.pick(connected);
    this.#parts.trace.note(worker.process.name, "is cut off");
    worker.connection?.cut();
    return true;
  }

  #jump(): boolean {
    const nodes = [...this.#cluster.nodes];
    if (nodes.length === 0) return false;
    const { process } = this.#prng.pick(nodes);
    const ms = this.#prng.pick([-3_600_000, -5_000, -300, 300, 5_000, 60_000]);
    this.#parts.trace.note(process.name, "clock jumps", `${ms} ms`);
    process.clockOffsetMs += ms;
    return true;
  }
}
