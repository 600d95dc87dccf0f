/** One life of a node: its engine on its part of the disk, until it crashes. */
import { Engine, type WorkerHost } from "@perdure/engine";
import { InvariantError, PerdureError } from "@perdure/kernel";
import type { Parts } from "../cluster/parts.ts";
import type { Actor } from "./actor.ts";
import { DiskQueue, type SmallDisk } from "./disk.ts";

export class NodeLife {
  readonly actor: Actor;
  readonly number: number;
  readonly writing: DiskQueue = new DiskQueue();
  readonly reading: DiskQueue = new DiskQueue();
  #engine: Engine | undefined;
  #host: WorkerHost | undefined;

  constructor(actor: Actor, number: number) {
    this.actor = actor;
    this.number = number;
  }

  get isUp(): boolean {
    return this.#engine !== undefined && this.actor.process.isAlive;
  }

  get engine(): Engine {
    if (this.#engine !== undefined) return this.#engine;
    throw new PerdureError("unavailable", "The node is not up yet: try again.");
  }

  get host(): WorkerHost {
    return this.#host ?? this.engine;
  }

  async open(parts: Parts, disk: SmallDisk, commitsInFlight: number): Promise<void> {
    const { bug, calendar, violations } = parts;
    const { process } = this.actor;
    const plain = disk.storeFor(process.name, this.writing, this.reading);
    const failed = (error: Error): void => {
      const isBroken = error instanceof InvariantError || error instanceof TypeError;
      violations.report(isBroken ? "engine" : "node", `the node stopped: ${error.message}`);
    };
    const options = { store: bug.store?.(plain) ?? plain, env: process, calendar };
    try {
      const tuning = { commitsInFlight };
      this.#engine = await Engine.open({ ...options, tuning, onStop: failed });
      this.#host = bug.host?.(this.#engine) ?? this.#engine;
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
