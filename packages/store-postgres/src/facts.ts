/** What `doctor` prints of a PostgreSQL store. */
import type { StoreFacts } from "@perdure/store";
import type { Database, Statement } from "./database.ts";
import { schemaVersion } from "./migrations/index.ts";
import type { Partitions } from "./partitions.ts";

const server: Statement = {
  name: "server_facts",
  text: `
    SELECT version() AS version, current_setting('synchronous_commit') AS synchronous_commit`,
};
/** Not every database that speaks PostgreSQL's protocol knows sizes. */
const size: Statement = {
  name: "size_facts",
  text: `
    SELECT sum(pg_total_relation_size(c.oid)) AS bytes
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relkind = 'r'`,
};
const commits: Statement = {
  name: "batch_facts",
  text: "SELECT sum(last_batch) AS batches FROM @.partitions",
};

export async function factsOf(
  database: Database,
  partitions: Partitions,
  count: number,
): Promise<StoreFacts> {
  const [[about], [batches], sizes] = await Promise.all([
    database.run(server),
    database.run(commits),
    database.run(size, [database.schema]).catch(() => []),
  ]);
  let segments = 0;
  let segmentBytes = 0;
  let unsettledStreams = 0;
  for (const { log } of partitions.known.values()) {
    segments += log.uses.count;
    segmentBytes += log.uses.bytes;
    unsettledStreams += log.tails.size;
  }
  return {
    kind: "postgres",
    version: schemaVersion,
    partitions: count,
    detail: {
      address: database.shown,
      schema: database.schema,
      server: String(about?.["version"]),
      synchronousCommit: String(about?.["synchronous_commit"]),
      bytes: Number(sizes[0]?.["bytes"] ?? 0),
      batches: Number(batches?.["batches"] ?? 0),
      connections: database.connections,
      statements: database.statements,
      openedPartitions: partitions.known.size,
      segments,
      segmentBytes,
      unsettledStreams,
    },
  };
}
