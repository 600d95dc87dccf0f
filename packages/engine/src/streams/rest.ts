/** Whether a partition could leave this node without anybody's work being in doubt. */
import { partitionOf, type StreamId } from "@perdure/kernel";
import type { Leases } from "../workers/leases.ts";
import type { Tasks } from "../workers/tasks.ts";
import { LiveRun } from "./live.ts";
import type { Partition } from "./partition.ts";

export class Rest {
  readonly #leases: Leases;
  readonly #tasks: Tasks;
  readonly #partitions: number;

  constructor(leases: Leases, tasks: Tasks, partitions: number) {
    this.#leases = leases;
    this.#tasks = tasks;
    this.#partitions = partitions;
  }

  /** The partition is leaving: what waits for a worker here waits no longer. */
  begin(partition: Partition): void {
    for (const live of partition.lives.values()) {
      if (live instanceof LiveRun) this.#leases.touch(live);
    }
    this.#tasks.drop((stream) => this.#isHome(partition, stream));
  }

  /** Ends the holds that wait; what is still at work is waited for. */
  isAtRest(partition: Partition): boolean {
    let isQuiet = true;
    for (const live of partition.lives.values()) {
      if (!(live instanceof LiveRun) || live.hold === undefined) continue;
      if (live.hold.isParked && live.durable === live.run.seq) this.#leases.end(live.hold);
      else isQuiet = false;
    }
    return isQuiet && !this.#tasks.isAnyBusy((stream) => this.#isHome(partition, stream));
  }

  #isHome(partition: Partition, stream: StreamId): boolean {
    return partitionOf(stream, this.#partitions) === partition.number;
  }
}
