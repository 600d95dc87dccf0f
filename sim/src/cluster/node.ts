/** One life of an engine process: from its opening to its crash, its fencing or its end. */
import { Engine, type EngineOptions, type NodeOptions } from "@perdure/engine";
import { InvariantError } from "@perdure/kernel";
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
  /** Until then it does not reach the store; ms of the world. */
  storeCutUntil = 0;
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
    const { disk, world, prng, marks, nodes, shadow, calendar, bug, mix, trace, deeds } =
      this.#parts;
    const { process } = this;
    const durable = new DurableStore({
      inner: disk,
      world,
      process: this.process,
      prng: prng.fork(`store of ${this.process.name}`),
      marks,
      trace,
      deeds,
      mix,
      cutUntil: () => this.storeCutUntil,
      hooks: {
        onOpened: (partition, opened, claim) => {
          shadow.opened(partition, opened, process.name);
          if (claim !== undefined) nodes.taken(partition, process.name);
        },
        onReleased: (partition) => nodes.released(partition, process.name),
        onFenced: () => {
          if (membership !== undefined) nodes.fenced();
        },
        onApplied: (batches) => shadow.applied(batches),
        onPruned: (streams, now) => shadow.pruned(streams, now),
      },
    });
    const store = bug.store?.(durable) ?? durable;
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
    void this.#start(
      {
        store,
        env: process,
        calendar: bug.calendar?.(calendar) ?? calendar,
        tuning,
        onStop,
        ...member,
      },
      onUp,
    );
  }

  kill(why: string): void {
    if (!this.process.isAlive) return;
    this.#parts.trace.note(this.process.name, why);
    this.process.kill();
    this.#parts.nodes.died(this.process.name);
    this.engine = undefined;
    this.doors = undefined;
  }

  async #start(options: EngineOptions, onUp: (node: Node) => void): Promise<void> {
    try {
      const engine = await Engine.open(options);
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
