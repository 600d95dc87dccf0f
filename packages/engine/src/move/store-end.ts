/**
 * A store at one end of a move, and what the move holds of it.
 *
 * E1  Its partitions are taken by claims, and only where no node lives: nobody is stopped by force.
 *     Whoever comes later fences the move, which then ends without harm.
 * E2  Whatever becomes of the move, what it holds is given back; seals stay.
 */
import { invariant, limits, PerdureError } from "@perdure/kernel";
import type { Batch, NodeRecord, Opened, PartitionRecord, Seal, Store } from "@perdure/store";
import { drawHex } from "../core/draw.ts";
import { inLanes } from "../core/lanes.ts";
import type { Env } from "../env.ts";
import type { Seals } from "./stage.ts";

/** A node that gives no sign of life for so long is dead: the longest lease that is usual, and a beat. */
const LOOK_MS = 2_500;

/** A store that can be opened again and again. */
export interface StoreSource {
  /** As people are told of it: without secrets. */
  readonly name: string;
  open(): Promise<Store>;
}

/** A batch without what its partition's owner adds. */
export type Load = Omit<Batch, "partition" | "epoch" | "number">;

/** What is seen of a store's nodes and partitions. */
interface Look {
  /** By database and id: a node's signs of life count in the database that they are given to. */
  readonly nodes: ReadonlyMap<string, NodeRecord>;
  /** By their numbers. */
  readonly partitions: readonly PartitionRecord[];
}

interface Held {
  readonly epoch: number;
  lastBatch: number;
}

export class StoreEnd {
  readonly name: string;
  readonly store: Store;
  readonly #env: Env;
  readonly #id: string;
  readonly #held = new Map<number, Held>();

  static async open(source: StoreSource, env: Env): Promise<StoreEnd> {
    return new StoreEnd(source.name, await source.open(), env);
  }

  private constructor(name: string, store: Store, env: Env) {
    this.name = name;
    this.store = store;
    this.#env = env;
    this.#id = `move-${drawHex(env, 2)}`;
  }

  get isTaken(): boolean {
    return this.#held.size > 0;
  }

  async seals(): Promise<Seals> {
    return (await this.#look()).partitions.map(({ seal }) => seal);
  }

  /** Takes all partitions, as the move of this name. */
  async take(move: string): Promise<readonly Opened[]> {
    const { partitions } = await this.#alone();
    const opened: Opened[] = [];
    await inLanes(partitions, limits.moveStreams, async ({ partition, epoch }) => {
      const found = await this.store.open(partition, { node: this.#id, after: epoch, move });
      this.#held.set(partition, { epoch: found.epoch, lastBatch: found.lastBatch });
      opened[partition] = found;
    });
    return opened;
  }

  async seal(seal: Seal | undefined): Promise<void> {
    await inLanes(this.#held, limits.moveStreams, ([partition, { epoch }]) =>
      this.store.seal(partition, epoch, seal),
    );
  }

  /** One commit for partitions of one database; resolves when it is durable. */
  async commit(loads: ReadonlyMap<number, Load>): Promise<void> {
    const batches = [...loads].map(([partition, load]): Batch => {
      const held = this.#held.get(partition);
      invariant(held !== undefined, "a move writes to a partition that it has not taken");
      return { ...load, partition, epoch: held.epoch, number: ++held.lastBatch };
    });
    const result = await this.store.commit(batches);
    switch (result.type) {
      case "done":
        return;
      case "fenced":
        throw this.#takenError();
      case "failed":
      case "unknown": {
        const text = `${this.name} did not take a commit. ${result.reason} ${again}`;
        throw new PerdureError("store-failed", text);
      }
    }
  }

  /** Gives back what is held, as far as the store still takes it. */
  async close(): Promise<void> {
    // A look leaves nothing of who looks, and so nothing of what it held.
    if (this.isTaken) await this.#look().catch(() => undefined);
    this.#held.clear();
    await this.store.close();
  }

  /** Throws when somebody else is at work on the store. */
  async #alone(): Promise<Look> {
    const before = await this.#look();
    if (before.nodes.size === 0) return before;
    await new Promise<void>((resolve) => void this.#env.after(LOOK_MS, resolve));
    const after = await this.#look();
    for (const [name, { id, address, beat }] of after.nodes) {
      if (before.nodes.get(name)?.beat === beat) continue;
      const text = `${this.name} is in use by the node ${id} at ${address}: stop all that use it, and move then.`;
      throw new PerdureError("store-busy", text);
    }
    return after;
  }

  /** Looks into all databases without leaving a trace. */
  async #look(): Promise<Look> {
    const { store } = this;
    const nodes = new Map<string, NodeRecord>();
    const partitions: PartitionRecord[] = [];
    const self: NodeRecord = {
      id: this.#id,
      address: "perdure move",
      version: "",
      startedAt: this.#env.now(),
      beat: 0,
      isLeaving: true,
    };
    const databases = Array.from({ length: store.databases }, (_, n) => n);
    await inLanes(databases, limits.moveStreams, async (database) => {
      const view = await store.beat(self, [self.id], database);
      for (const node of view.nodes) nodes.set(`${database} ${node.id}`, node);
      for (const record of view.partitions) {
        if (store.databaseOf(record.partition) === database) partitions[record.partition] = record;
      }
    });
    return { nodes, partitions };
  }

  #takenError(): PerdureError {
    const text = `Somebody else has opened ${this.name} meanwhile: stop all that use it. ${again}`;
    return new PerdureError("store-busy", text);
  }
}

const again = "Then run the same perdure move again: it goes on where it was.";
