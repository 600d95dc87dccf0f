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
  /** When it strikes, and nothing else. */
  readonly #prng: Prng;
  /** Never drawn from itself. */
  readonly #seed: Prng;
  readonly #deeds: readonly (readonly [Fault, (prng: Prng) => boolean])[];
  #isDone = false;

  constructor(parts: Parts, cluster: Cluster) {
    this.#parts = parts;
    this.#cluster = cluster;
    this.#prng = parts.prng.fork("nemesis");
    this.#seed = this.#prng.fork("whom");
    this.#deeds = [
      ["nodeCrash", (drawn) => this.#crashNode(drawn)],
      ["nodeZombie", () => cluster.fleet.addOne()],
      ["storeCut", (drawn) => this.#cutFromStore(drawn)],
      ["peerCut", (drawn) => cluster.wires.cut(drawn)],
      ["peerSilence", (drawn) => cluster.wires.silence(drawn)],
      ["nodePause", (drawn) => this.#freeze(drawn, processesOf(cluster.nodes))],
      ["workerCrash", (drawn) => this.#crashWorker(drawn)],
      ["workerPause", (drawn) => this.#freeze(drawn, processesOf(cluster.workers))],
      ["linkCut", (drawn) => this.#cut(drawn)],
      ["clockJump", (drawn) => this.#jump(drawn)],
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
    const mix = this.#parts.mix();
    for (const [fault, deed] of this.#deeds) {
      if (!this.#prng.chance((mix[fault] * EVERY_MS) / 1_000)) continue;
      const name = this.#parts.deeds.next(fault);
      if (name !== undefined && deed(this.#seed.fork(name)))
        this.#parts.marks.hit(`fault: ${fault}`);
    }
  }

  #crashNode(prng: Prng): boolean {
    const nodes = [...this.#cluster.nodes];
    if (nodes.length === 0) return false;
    this.#cluster.fleet.crash(prng.pick(nodes));
    return true;
  }

  #cutFromStore(prng: Prng): boolean {
    const nodes = [...this.#cluster.nodes];
    if (nodes.length === 0) return false;
    const node = prng.pick(nodes);
    const ms = prng.pick([100, 1_000, 4_000]);
    const { disks, marks, trace } = this.#parts;
    const database = prng.between(0, disks.length);
    if (disks.length === 1 || database === disks.length) {
      trace.note(node.process.name, "is cut off from the store", `for ${ms} ms`);
      node.cutFromStore(ms);
      return true;
    }
    const cut = prng.chance(0.5) ? nodes : [node];
    const who = cut.length > 1 ? "all nodes" : node.process.name;
    trace.note(who, `cut off from database ${database}`, `for ${ms} ms`);
    marks.hit(`databases: one is out of reach of ${cut.length > 1 ? "all nodes" : "a node"}`);
    for (const each of cut) each.cutFromStore(ms, database);
    return true;
  }

  #crashWorker(prng: Prng): boolean {
    const { workers } = this.#cluster;
    if (workers.length === 0) return false;
    this.#cluster.crashWorker(prng.pick(workers));
    return true;
  }

  #freeze(prng: Prng, processes: readonly Process[]): boolean {
    if (processes.length === 0) return false;
    const process = prng.pick(processes);
    const ms = prng.pick([50, 500, 3_000, 6_000]);
    this.#parts.trace.note(process.name, "freezes", `for ${ms} ms`);
    process.freeze(ms);
    return true;
  }

  #cut(prng: Prng): boolean {
    const connected = this.#cluster.workers.filter(({ isConnected }) => isConnected);
    if (connected.length === 0) return false;
    const worker = prng.pick(connected);
    this.#parts.trace.note(worker.process.name, "is cut off");
    worker.cut();
    return true;
  }

  #jump(prng: Prng): boolean {
    const nodes = [...this.#cluster.nodes];
    if (nodes.length === 0) return false;
    const { process } = prng.pick(nodes);
    const ms = prng.pick([-3_600_000, -5_000, -300, 300, 5_000, 60_000]);
    this.#parts.trace.note(process.name, "clock jumps", `${ms} ms`);
    process.clockOffsetMs += ms;
    return true;
  }
}

function processesOf(owners: Iterable<{ readonly process: Process }>): readonly Process[] {
  return [...owners].map(({ process }) => process);
}
