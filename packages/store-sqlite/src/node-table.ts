/** The nodes that share the file, what they have claimed, and what nobody may. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ClusterView, NodeRecord, PartitionRecord, Seal } from "@perdure/store";
import type { Owner } from "@perdure/store/log";

export class NodeTable {
  readonly #claim: StatementSync;
  readonly #unclaim: StatementSync;
  readonly #put: StatementSync;
  readonly #drop: StatementSync;
  readonly #dropClaims: StatementSync;
  readonly #nodes: StatementSync;
  readonly #claims: StatementSync;
  readonly #seal: StatementSync;
  readonly #unseal: StatementSync;
  readonly #seals: StatementSync;

  constructor(db: DatabaseSync) {
    this.#claim = db.prepare("INSERT OR REPLACE INTO claims (partition, node) VALUES (?, ?)");
    this.#unclaim = db.prepare("DELETE FROM claims WHERE partition = ?");
    this.#put = db.prepare(
      "INSERT OR REPLACE INTO nodes (id, address, version, started_at, beat, is_leaving) " +
        "VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#drop = db.prepare("DELETE FROM nodes WHERE id = ?");
    this.#dropClaims = db.prepare("DELETE FROM claims WHERE node = ?");
    this.#nodes = db.prepare(
      "SELECT id, address, version, started_at, beat, is_leaving FROM nodes ORDER BY id",
    );
    this.#claims = db.prepare("SELECT partition, node FROM claims");
    this.#seal = db.prepare(
      "INSERT OR REPLACE INTO seals (partition, state, move, other) VALUES (?, ?, ?, ?)",
    );
    this.#unseal = db.prepare("DELETE FROM seals WHERE partition = ?");
    this.#seals = db.prepare("SELECT partition, state, move, other FROM seals");
  }

  /** `node` has the partition from now on; undefined: no node has. */
  claim(partition: number, node: string | undefined): void {
    if (node === undefined) this.#unclaim.run(partition);
    else this.#claim.run(partition, node);
  }

  seal(partition: number, seal: Seal | undefined): void {
    if (seal === undefined) this.#unseal.run(partition);
    else this.#seal.run(partition, seal.state, seal.move, seal.other);
  }

  sealOf(partition: number): Seal | undefined {
    return this.#sealed().get(partition);
  }

  put({ id, address, version, startedAt, beat, isLeaving }: NodeRecord): void {
    this.#put.run(id, address, version, startedAt, beat, Number(isLeaving));
  }

  drop(id: string): void {
    this.#drop.run(id);
    this.#dropClaims.run(id);
  }

  view(owners: readonly Owner[]): ClusterView {
    const nodes = this.#nodes.all().map((row): NodeRecord => ({
      id: String(row["id"]),
      address: String(row["address"]),
      version: String(row["version"]),
      startedAt: Number(row["started_at"]),
      beat: Number(row["beat"]),
      isLeaving: row["is_leaving"] === 1,
    }));
    const claims = new Map<number, string>();
    for (const row of this.#claims.all()) {
      claims.set(Number(row["partition"]), String(row["node"]));
    }
    const seals = this.#sealed();
    const partitions = owners.map(({ epoch }, partition): PartitionRecord => {
      const owner = claims.get(partition);
      const seal = seals.get(partition);
      return {
        partition,
        epoch,
        ...(owner === undefined ? {} : { owner }),
        ...(seal === undefined ? {} : { seal }),
      };
    });
    return { nodes, partitions };
  }

  #sealed(): ReadonlyMap<number, Seal> {
    const rows = this.#seals.all().map((row): [number, Seal] => [
      Number(row["partition"]),
      {
        state: row["state"] as Seal["state"],
        move: String(row["move"]),
        other: String(row["other"]),
      },
    ]);
    return new Map(rows);
  }
}
