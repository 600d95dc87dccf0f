/** What all databases say of the nodes, together; each counts for its own partitions alone. */
import type { NodeRecord, PartitionRecord } from "@perdure/store";
import type { DatabaseView } from "./cluster-view.ts";
import type { Membership } from "./membership.ts";

export class Memberships {
  /** By database. */
  readonly #all: readonly Membership[];

  constructor(all: readonly Membership[]) {
    this.#all = all;
  }

  of(database: number): Membership | undefined {
    return this.#all[database];
  }

  /** That any of them knows, by id. */
  get nodes(): readonly NodeRecord[] {
    const nodes = new Map<string, NodeRecord>();
    for (const { view } of this.#all) for (const node of view.nodes) nodes.set(node.id, node);
    return [...nodes.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Of a database that cannot be asked, what it has said last. */
  get partitions(): readonly PartitionRecord[] {
    const records = this.#all.flatMap(({ view }) => view.partitions);
    return records.toSorted((a, b) => a.partition - b.partition);
  }

  /** How each hears the node. */
  databases(node: string): readonly DatabaseView[] {
    return this.#all.map((membership, database) => ({
      database,
      beatAgeMs: Math.max(0, Math.round(membership.beatAgeMs(node))),
      isWithinLease: membership.isWithinLease,
    }));
  }

  get isWithinLease(): boolean {
    return this.#all.some(({ isWithinLease }) => isWithinLease);
  }

  isAlive(node: string): boolean {
    return this.#all.some((membership) => membership.isAlive(node));
  }

  /** Where it was heard of last. */
  beatAgeMs(node: string): number {
    return Math.min(...this.#all.map((membership) => membership.beatAgeMs(node)));
  }

  look(): void {
    for (const membership of this.#all) membership.look();
  }
}
