/**
 * Who has which partition: the last view of its database, corrected by what this node itself has.
 */
import type { NodeRecord } from "@perdure/store";
import type { Partition } from "../streams/partition.ts";
import type { Memberships } from "./memberships.ts";
import type { Owners } from "./owners.ts";

export class ViewedOwners implements Owners {
  readonly #self: string;
  readonly #memberships: Memberships;
  readonly #partitions: readonly Partition[];
  readonly #listeners = new Set<() => void>();

  constructor(self: string, memberships: Memberships, partitions: readonly Partition[]) {
    this.#self = self;
    this.#memberships = memberships;
    this.#partitions = partitions;
  }

  ownerOf(partition: number): NodeRecord | "here" | undefined {
    // Of one that is refused, this node knows why.
    const isRefused = this.#partitions[partition]?.refusal !== undefined;
    if (isRefused || this.isHere(partition)) return "here";
    const membership = this.#memberships.of(this.#partitions[partition]?.database ?? 0);
    const owner = membership?.ownerOf(partition);
    if (owner === undefined || owner === this.#self) return undefined;
    return membership?.isAlive(owner) === true ? membership.find(owner) : undefined;
  }

  /** A partition at the end of being given away takes no calls: its next owner is asked. */
  isHere(partition: number): boolean {
    return this.#partitions[partition]?.isHere === true;
  }

  others(): readonly NodeRecord[] {
    const { nodes } = this.#memberships;
    return nodes.filter(({ id }) => id !== this.#self && this.#memberships.isAlive(id));
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  look(): void {
    this.#memberships.look();
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
