/** The nodes that share the file, and what they have claimed. */
import type { DatabaseSync } from "node:sqlite";
import type { ClusterView, NodeRecord, PartitionRecord } from "@perdure/store";
import type { Owner } from "./log.ts";

export class NodeTable {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** `node` has the partition from now on; undefined: no node has. */
  claim(partition: number, node: string | undefined): void {
    if (node === undefined) {
      this.#db.prepare("DELETE FROM claims WHERE partition = ?").run(partition);
    } else {
      this.#db
        .prepare("INSERT OR REPLACE INTO claims (partition, node) VALUES (?, ?)")
        .run(partition, node);
    }
  }

  put({ id, address, version, startedAt, beat, isLeaving }: NodeRecord): void {
    this.#db
      .prepare(
        "INSERT OR REPLACE INTO nodes (id, address, version, started_at, beat, is_leaving) " +
          "VALUES (?, ?, ?, ?, ?, ?)",
      )
      .run(id, address, version, startedAt, beat, Number(isLeaving));
  }

  drop(id: string): void {
    this.#db.prepare("DELETE FROM nodes WHERE id = ?").run(id);
    this.#db.prepare("DELETE FROM claims WHERE node = ?").run(id);
  }

  view(owners: readonly Owner[]): ClusterView {
    const nodes = this.#db
      .prepare("SELECT id, address, version, started_at, beat, is_leaving FROM nodes ORDER BY id")
      .all()
      .map((row): NodeRecord => ({
        id: String(row["id"]),
        address: String(row["address"]),
        version: String(row["version"]),
        startedAt: Number(row["started_at"]),
        beat: Number(row["beat"]),
        isLeaving: row["is_leaving"] === 1,
      }));
    const claims = new Map<number, string>();
    for (const row of this.#db.prepare("SELECT partition, node FROM claims").iterate()) {
      claims.set(Number(row["partition"]), String(row["node"]));
    }
    const partitions = owners.map(({ epoch }, partition): PartitionRecord => {
      const owner = claims.get(partition);
      return owner === undefined ? { partition, epoch } : { partition, epoch, owner };
    });
    return { nodes, partitions };
  }
}
