/** Several engines on one disk in memory, in one virtual world; each may die or stand still alone. */
import { PerdureError } from "@perdure/kernel";
import { Disk, MemoryStore, SpreadStore } from "@perdure/store";
import { createCalendar } from "../calendar.ts";
import type { Env } from "../env.ts";
import { Engine } from "../engine.ts";
import type { NodeOptions } from "../nodes/node-options.ts";
import type { PeerEnd, PeerNetwork } from "../nodes/peer-network.ts";
import { noNetwork } from "../nodes/solitude.ts";
import type { Loopback } from "./loopback.test-support.ts";
import { ScriptedWorker, type WorkerChoices } from "./scripted-worker.test-support.ts";
import { VirtualEnv } from "./virtual-env.test-support.ts";

export class ClusterRig {
  readonly env: VirtualEnv = new VirtualEnv();
  readonly disk: Disk;
  /** By database; the first is `disk`. */
  readonly disks: readonly Disk[];
  /** The network as a node sees it. */
  readonly network: (name: string) => PeerNetwork;
  readonly nodes: Map<string, ClusterNode> = new Map();

  constructor(partitions = 6, network?: (env: VirtualEnv) => Loopback, databases = 1) {
    this.disk = new Disk(partitions);
    const others = Array.from({ length: databases - 1 }, () => new Disk(partitions));
    this.disks = [this.disk, ...others];
    const loopback = network?.(this.env);
    this.network = (name) => loopback?.at(name) ?? noNetwork;
  }

  async open(name: string, options: Partial<NodeOptions> = {}): Promise<ClusterNode> {
    const node = new ClusterNode(this, name);
    this.nodes.set(name, node);
    const store = await this.env.run(SpreadStore.open(node.stores, () => "rig"));
    node.engine = await this.env.run(
      Engine.open({
        store,
        env: node.env,
        calendar: createCalendar(),
        onStop: (reason) => {
          node.stopped = reason;
        },
        node: {
          id: name,
          address: name,
          version: "1.0.0",
          network: node.hears(this.network(name)),
          ...options,
        },
      }),
    );
    return node;
  }

  /** By partition: the node that the store names. */
  async owners(): Promise<(string | undefined)[]> {
    const asker = { id: "asker", address: "", version: "", startedAt: 0, beat: 0, isLeaving: true };
    const owners: (string | undefined)[] = [];
    for (const [database, disk] of this.disks.entries()) {
      const store = new MemoryStore(disk);
      const { partitions } = await this.env.run(store.beat(asker));
      await this.env.run(store.beat(asker, ["asker"]));
      for (const { partition, owner } of partitions) {
        if (partition % this.disks.length === database) owners[partition] = owner;
      }
    }
    return owners;
  }
}

export class ClusterNode {
  readonly name: string;
  /** By database. */
  readonly stores: readonly MemoryStore[];
  readonly env: Env;
  engine!: Engine;
  stopped: Error | undefined;
  /** What becomes of a commit to the database, before and after it is applied. */
  commitFault: (database: number) => "none" | "abort" | "ambiguous" = () => "none";
  /** Does anything else that is asked of the database fail? */
  callFails: (database: number) => boolean = () => false;
  #isDead = false;
  #isFrozen = false;
  readonly #late: (() => void)[] = [];

  constructor({ env: world, disks }: ClusterRig, name: string) {
    this.name = name;
    this.stores = disks.map((disk, database) => this.#storeOn(disk, database));
    this.env = {
      now: () => world.now(),
      monotonic: () => world.monotonic(),
      random: () => world.random(),
      after: (ms, call) => world.after(ms, () => this.#act(call)),
      defer: (call) => world.defer(() => this.#act(call)),
      log: (level, message) => world.log(level, `${name}: ${message}`),
    };
  }

  /** kill -9: nothing of it happens any more. */
  async kill(): Promise<void> {
    this.#isDead = true;
    await Promise.all(this.stores.map((store) => store.close()));
  }

  /** SIGSTOP: what would have happened happens when it goes on. */
  freeze(): void {
    this.#isFrozen = true;
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const call of this.#late.splice(0)) this.#act(call);
  }

  /** The network as this process hears it: a frozen one later, a dead one never. */
  hears(network: PeerNetwork): PeerNetwork {
    const late = (end: PeerEnd): PeerEnd => ({
      message: (message) => this.#act(() => end.message(message)),
      closed: () => this.#act(() => end.closed()),
    });
    return {
      connect: (to, end) => network.connect(to, late(end)),
      listen: (address, accept) => {
        return network.listen(address, (socket) => {
          let end: PeerEnd | undefined;
          this.#act(() => (end = accept(socket)));
          return late({ message: (m) => end?.message(m), closed: () => end?.closed() });
        });
      },
    };
  }

  worker(choices: WorkerChoices): ScriptedWorker {
    return new ScriptedWorker(choices, (call) => this.env.defer(call)).join(this.engine);
  }

  #storeOn(disk: Disk, database: number): MemoryStore {
    return new MemoryStore(disk, {
      call: async () => {
        await this.#pass();
        if (this.callFails(database)) throw new PerdureError("store-failed", "the disk is unwell");
      },
      before: () => this.#pass().then(() => this.commitFault(database)),
      after: () => Promise.resolve(this.commitFault(database) === "none" ? "none" : "ambiguous"),
    });
  }

  #act(call: () => void): void {
    if (this.#isDead) return;
    if (this.#isFrozen) this.#late.push(call);
    else call();
  }

  async #pass(): Promise<void> {
    if (this.#isFrozen) await new Promise<void>((resolve) => void this.#late.push(resolve));
  }
}
