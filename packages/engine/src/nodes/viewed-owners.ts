/** Who has which partition: the last view of the store, corrected by what this node itself has. */
import type { NodeRecord } from "@perdure/store";
import type { Partition } from "../streams/partition.ts";
import type { Membership } from "./membership.ts";
import type { Owners } from "./owners.ts";

export class ViewedOwners implements Owners {
  readonly #self: string;
  readonly #membership: Membership;
  readonly #partitions: readonly Partition[];
  readonly #listeners = new Set<() => void>();

  constructor(self: string, membership: Membership, partitions: readonly Partition[]) {
    this.#self = self;
    this.#membership = membership;
    this.#partitions = partitions;
  }

  ownerOf(partition: number): NodeRecord | "here" | undefined {
    if (this.isHere(partition)) return "here";
    const owner = this.#membership.view.partitions[partition]?.owner;
    if (owner === undefined || owner === this.#self) return undefined;
    return this.#membership.isAlive(owner) ? this.#membership.find(owner) : undefined;
  }

  /** A partition in the middle of being given away takes no calls: its next owner is asked. */
  isHere(partition: number): boolean {
    const phase = this.#partitions[partition]?.phase;
    return phase === "open" || phase === "opening";
  }

  others(): readonly NodeRecord[] {
    const { view } = this.#membership;
    return view.nodes.filter(({ id }) => id !== this.#self && this.#membership.isAlive(id));
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  look(): void {
    this.#membership.look();
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
