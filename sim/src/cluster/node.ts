/** One life of an engine process: from its opening to its crash, its fencing or its end. */
import { Engine, type EngineOptions, type NodeOptions } from "@perdure/engine";
import { InvariantError } from "@perdure/kernel";
import { SpreadStore, type Store } from "@perdure/store";
import { markDatabases } from "../reached/batches.ts";
import type { Doors } from "../remote/doors.ts";
import { Process } from "../world/process.ts";
import { DurableStore } from "./durable.ts";
import type { Parts } from "./parts.ts";

export interface NodeTuning {
  readonly liveStreams: number;
  readonly idleMs: number;
  readonly commitsInFlight: number;
  readonly pruneEveryMs: number;
}

/** What makes it one node among several. */
export type Membership = Pick<NodeOptions, "leaseMs" | "beatMs" | "marginMs" | "handoverMs">;

export class Node {
  readonly process: Process;
  engine: Engine | undefined;
  /** By database: until then it does not reach it; ms of the world. */
  readonly #cutUntil: number[] = [];
  /** By which workers elsewhere reach it. */
  doors: Doors | undefined;
  readonly #parts: Parts;
  readonly #onGone: (node: Node) => void;

  constructor(parts: Parts, name: string, onGone: (node: Node) => void) {
    this.#parts = parts;
    this.#onGone = onGone;
    this.process = new Process(parts.world, name, parts.prng, (process, level, message) => {
      parts.trace.note(process.name, level, message);
      parts.nodes.logged(message);
    });
  }

  /** Without a `membership` it takes the whole store for itself. */
  open(
    tuning: NodeTuning,
    membership: (Membership & Required<Pick<NodeOptions, "network">>) | undefined,
    onUp: (node: Node) => void,
  ): void {
    const { calendar, bug, trace, disks } = this.#parts;
    const { process } = this;
    const durables = disks.map((_, database) => this.#durable(database, membership !== undefined));
    trace.note(this.process.name, "opens");
    const onStop = (error: Error): void => this.#stopped(error);
    const { name } = process;
    const bent = membership && {
      ...membership,
      ...bug.membership?.(membership),
      network: bug.network?.(membership.network) ?? membership.network,
    };
    const node = bent && { id: name, address: name, version: "sim", ...bent };
    const member = node === undefined ? {} : { node };
    const store = wholeOf(durables);
    void this.#start(
      store,
      {
        env: process,
        calendar: bug.calendar?.(calendar) ?? calendar,
        tuning,
        onStop,
        ...member,
      },
      onUp,
    );
  }

  /** Does it not reach the database for a while? Without one: the whole store. */
  cutFromStore(ms: number, database?: number): void {
    const until = this.#parts.world.now + ms;
    for (const [number] of this.#parts.disks.entries()) {
      if (database === undefined || database === number) this.#cutUntil[number] = until;
    }
  }

  kill(why: string): void {
    if (!this.process.isAlive) return;
    this.#parts.trace.note(this.process.name, why);
    this.process.kill();
    this.#parts.nodes.died(this.process.name);
    this.engine = undefined;
    this.doors = undefined;
  }

  #durable(database: number, isMember: boolean): DurableStore {
    const { disks, world, prng, marks, nodes, shadow, mix, trace, deeds } = this.#parts;
    const { process } = this;
    const stream = `store of ${process.name}`;
    return new DurableStore({
      inner: disks[database] as Store,
      world,
      process,
      prng: prng.fork(database === 0 ? stream : `${stream}, database ${database}`),
      marks,
      trace,
      deeds,
      mix,
      cutUntil: () => this.#cutUntil[database] ?? 0,
      hooks: {
        onOpened: (partition, opened, claim) => {
          shadow.opened(partition, opened, process.name);
          if (claim !== undefined) nodes.taken(partition, process.name);
        },
        onReleased: (partition) => nodes.released(partition, process.name),
        onFenced: () => {
          if (isMember) nodes.fenced();
        },
        onApplied: (batches) => {
          shadow.applied(batches);
          markDatabases(batches, disks.length, marks);
        },
        onPruned: (streams, now) => shadow.pruned(streams, now),
      },
    });
  }

  async #start(
    store: Store | Promise<Store>,
    options: Omit<EngineOptions, "store">,
    onUp: (node: Node) => void,
  ): Promise<void> {
    try {
      const whole = store instanceof Promise ? await store : store;
      const { bug } = this.#parts;
      const engine = await Engine.open({ ...options, store: bug.store?.(whole) ?? whole });
      if (!this.process.isAlive) return;
      this.engine = engine;
      this.#parts.trace.note(this.process.name, "is up");
      onUp(this);
    } catch (error) {
      this.#stopped(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #stopped(error: Error): void {
    if (!this.process.isAlive) return;
    this.#parts.trace.note(this.process.name, "stopped", error.message);
    if (error instanceof InvariantError || error instanceof TypeError) {
      this.#parts.violations.report("engine", `${error.name}: ${error.message}`);
    }
    this.kill("ends");
    this.#onGone(this);
  }
}

/** One is the store itself, at once: nothing is asked of it first. */
function wholeOf(databases: readonly Store[]): Store | Promise<Store> {
  const [only, other] = databases;
  if (only !== undefined && other === undefined) return only;
  return SpreadStore.open(databases, () => "simulated");
}
