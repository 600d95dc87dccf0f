/** The nodes that share the database, and who of them has which partition. */
import { byBytes, type ClusterView, type NodeRecord, type PartitionRecord } from "@perdure/store";
import { texts } from "../arrays.ts";
import type { Call, Database, Row, Statement } from "../database.ts";
import { textIn, toText } from "../text.ts";
import { postgresLimits as limits } from "../limits.ts";
import { toSeal } from "./partitions.ts";

const drop: Statement = {
  name: "drop_nodes",
  text: "DELETE FROM @.nodes WHERE id = ANY($1::text[])",
};
const dropClaims: Statement = {
  name: "drop_claims",
  text: "UPDATE @.partitions SET owner = NULL WHERE owner = ANY($1::text[])",
};
/** The sign of life, and all others and who has what as of one moment: one statement. */
const beatAndSee: Statement = {
  name: "beat",
  text: `
    WITH mine AS (
      INSERT INTO @.nodes (id, address, version, started_at, beat, is_leaving)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (id) DO UPDATE SET
        address = excluded.address, version = excluded.version,
        started_at = excluded.started_at, beat = excluded.beat, is_leaving = excluded.is_leaving
    )
    SELECT NULL::int4 AS partition, NULL::int8 AS epoch, NULL AS owner, NULL AS seal_state,
      NULL AS seal_move, NULL AS seal_other, id, address, version, started_at, beat, is_leaving
    FROM @.nodes WHERE id <> $1
    UNION ALL
    SELECT partition, epoch, owner, seal_state, seal_move, seal_other,
      NULL, NULL, NULL, NULL, NULL, NULL
    FROM @.partitions
    ORDER BY partition`,
};

/** A sign of life, and who else gives one. */
export async function beat(
  database: Database,
  node: NodeRecord,
  gone: readonly string[],
): Promise<ClusterView> {
  const values = [
    toText(node.id),
    toText(node.address),
    toText(node.version),
    node.startedAt,
    node.beat,
    node.isLeaving,
  ];
  const names = [texts(gone.map(toText))];
  const farewell: Call[] = [drop, dropClaims].map((statement) => ({ statement, values: names }));
  const calls = [...(gone.length === 0 ? [] : farewell), { statement: beatAndSee, values }];
  const answers = await database.transaction(calls, limits.beatAnswerMs);
  const rows = answers.at(-1) ?? [];
  const others = rows.filter(({ id }) => id !== null).map(toNode);
  return {
    nodes: [...others, { ...node }].toSorted((a, b) => byBytes(a.id, b.id)),
    partitions: rows.filter(({ partition }) => partition !== null).map(toPartition),
  };
}

function toNode(row: Row): NodeRecord {
  return {
    id: textIn(row, "id"),
    address: textIn(row, "address"),
    version: textIn(row, "version"),
    startedAt: Number(row["started_at"]),
    beat: Number(row["beat"]),
    isLeaving: row["is_leaving"] === true,
  };
}

function toPartition(row: Row): PartitionRecord {
  const seal = toSeal(row);
  return {
    partition: Number(row["partition"]),
    epoch: Number(row["epoch"]),
    ...(row["owner"] !== null && { owner: textIn(row, "owner") }),
    ...(seal !== undefined && { seal }),
  };
}
