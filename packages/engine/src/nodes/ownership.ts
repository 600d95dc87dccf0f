/**
 * Carries out the plan for the partitions of one database: takes partitions that are nobody's, gives away what others are to have, and
 * lets go of what is lost.
 *
 * O1  A partition is given away when its runs are at rest, or when it has waited `handoverMs` for
 *     that: then its next owner is told what may have run already, as after a crash. While it waits
 *     it takes calls as ever, and only begins no work; after that it takes none for a moment.
 * O2  It is let go of before it is released: nobody finds two owners.
 * O3  None of its commits is on its way when it is taken or released. Where one is, that waits.
 * O4  It is here for as long as the store says so. A node that stood still for long may be buried
 *     by another after it woke up: nobody would find what it has taken since, and nobody take it.
 */
import { PerdureError } from "@perdure/kernel";
import type { ClusterView, PartitionRecord, Store } from "@perdure/store";
import type { Env } from "../env.ts";
import type { Partition } from "../streams/partition.ts";
import type { Recovery } from "../streams/recovery.ts";
import type { Rest } from "../streams/rest.ts";
import type { Membership } from "./membership.ts";
import type { NodeTerms } from "./node-options.ts";
import { planFor } from "./plan.ts";

const LOOK_MS = 20;
/** A partition that was refused is tried again after so long: somebody may have mended its database. */
const REFUSED_MS = 5_000;

export interface OwnershipParts {
  readonly store: Store;
  readonly database: number;
  readonly env: Env;
  readonly terms: NodeTerms;
  readonly partitions: readonly Partition[];
  readonly membership: Membership;
  readonly recovery: Recovery;
  readonly rest: Rest;
  /** Nobody waits any longer for what is on its way to the database. */
  readonly abandon: (database: number) => void;
  /** Who has what has changed. */
  readonly changed: () => void;
}

export class Ownership {
  readonly #parts: OwnershipParts;
  /** Partitions that are being taken, given or released. */
  readonly #busy = new Set<Partition>();
  /** Refused ones, and when they may be tried again (monotonic ms). */
  readonly #resting = new Map<Partition, number>();
  #isStopped = false;

  constructor(parts: OwnershipParts) {
    this.#parts = parts;
  }

  /** Every partition that this node still has. */
  get held(): readonly Partition[] {
    const { partitions, database: own } = this.#parts;
    return partitions.filter(({ phase, database }) => database === own && phase !== "elsewhere");
  }

  see(view: ClusterView): void {
    if (this.#isStopped) return;
    const { terms, membership, partitions, changed } = this.#parts;
    const { id } = terms;
    const plan = planFor(id, view, (node) => membership.isAlive(node));
    const wanted = new Set(plan.take);
    const given = new Set(plan.give);
    for (const record of view.partitions) {
      const partition = partitions[record.partition];
      if (partition === undefined || this.#busy.has(partition)) continue;
      const isOurs = record.owner === id;
      // Whoever has it now may have found it mended.
      if (!isOurs) partition.refusal = undefined;
      if (partition.phase !== "elsewhere") {
        if (isLost(record, partition, id)) this.#lost(partition, record);
        else if (given.has(record.partition)) void this.#give(partition);
      } else if (wanted.has(record.partition) || (isOurs && !given.has(record.partition))) {
        // Ours and not here: the answer to a claim was lost, or a release, or it was refused.
        if (!this.#isResting(partition)) void this.#take(partition, record);
      } else if (isOurs) {
        void this.#release(partition, record.epoch);
      }
    }
    changed();
  }

  /** Others may take everything from now on. */
  stepDown(): void {
    const { recovery, env, database, abandon, changed } = this.#parts;
    const { held } = this;
    if (held.length === 0) return;
    env.log("error", "this node could not tell the store that it lives, and steps down", {
      database,
      partitions: held.length,
    });
    for (const partition of held) recovery.letGo(partition);
    abandon(database);
    changed();
  }

  /** Resolves when nothing is left, or it cannot be given to anybody. */
  async giveAll(): Promise<void> {
    await Promise.all(this.held.map((partition) => this.#give(partition)));
  }

  stop(): void {
    this.#isStopped = true;
  }

  #lost(partition: Partition, { epoch }: PartitionRecord): void {
    const isTaken = epoch > partition.epoch;
    const what = isTaken ? "another node has taken a partition" : "a partition here is nobody's";
    this.#parts.env.log("warn", what, { partition: partition.number });
    this.#parts.recovery.letGo(partition);
  }

  async #take(partition: Partition, { epoch }: PartitionRecord): Promise<void> {
    await this.#alone(partition, async () => {
      await this.#until(() => partition.inFlight === 0);
      if (this.#isStopped || !this.#parts.membership.isWithinLease) return;
      this.#resting.set(partition, this.#parts.env.monotonic() + REFUSED_MS);
      await this.#parts.recovery.take(partition, epoch);
      this.#parts.env.log("info", "this node has taken a partition", {
        partition: partition.number,
        epoch: partition.epoch,
      });
    });
  }

  async #give(partition: Partition): Promise<void> {
    await this.#alone(partition, async () => {
      const { terms, env, recovery, rest } = this.#parts;
      await this.#until(() => partition.phase !== "opening");
      if (partition.phase !== "open") return;
      const { epoch } = partition;
      partition.phase = "leaving";
      rest.begin(partition);
      let isLate = false;
      const cancel = env.after(terms.handoverMs, () => (isLate = true));
      const isGone = (): boolean => !partition.isLeaving;
      await this.#until(() => isLate || isGone() || rest.isAtRest(partition));
      if (!isGone()) partition.phase = "closing";
      this.#parts.changed();
      const isDone = (): boolean => partition.isDrained || (isLate && partition.inFlight === 0);
      await this.#until(() => isGone() || isDone());
      cancel();
      if (isGone()) return;
      recovery.letGo(partition);
      await this.#parts.store.release(partition.number, epoch);
    });
  }

  async #release(partition: Partition, epoch: number): Promise<void> {
    await this.#alone(partition, async () => {
      await this.#until(() => partition.inFlight === 0);
      await this.#parts.store.release(partition.number, epoch);
    });
  }

  async #alone(partition: Partition, action: () => Promise<void>): Promise<void> {
    if (this.#busy.has(partition)) return;
    this.#busy.add(partition);
    try {
      await action();
    } catch (error) {
      if (this.#isNews(partition, error)) {
        const about = { partition: partition.number, error };
        this.#parts.env.log("warn", "a partition could not be moved; looking again", about);
      }
    } finally {
      this.#busy.delete(partition);
      if (!this.#isStopped) this.#parts.membership.look();
      this.#parts.changed();
    }
  }

  /** Not that another was quicker, what is told of already, or that the store was closed with us. */
  #isNews({ refusal }: Partition, error: unknown): boolean {
    const code = error instanceof PerdureError ? error.code : undefined;
    if (code === "fenced" || (code === "closed" && this.#isStopped)) return false;
    return error !== refusal?.reason;
  }

  #isResting(partition: Partition): boolean {
    const until = this.#resting.get(partition) ?? 0;
    return partition.refusal !== undefined && this.#parts.env.monotonic() < until;
  }

  /** A state that others bring about; looked for now and then. */
  async #until(isThere: () => boolean): Promise<void> {
    while (!isThere() && !this.#isStopped) {
      await new Promise<void>((resolve) => void this.#parts.env.after(LOOK_MS, resolve));
    }
  }
}

/** By the store's word (O4); one that is being opened is not yet what the view was asked about. */
function isLost({ epoch, owner }: PartitionRecord, partition: Partition, self: string): boolean {
  if (partition.phase === "opening") return false;
  return epoch > partition.epoch || (epoch === partition.epoch && owner !== self);
}
