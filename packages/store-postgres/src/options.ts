/** How a PostgreSQL store is opened. Each option may also be a parameter of the address. */
export interface PostgresOptions {
  /** Of a new store; one that exists keeps its count. Default: 24. */
  readonly partitions?: number;
  /** To the database, at most. Default: `limits.connections`. */
  readonly connections?: number;
  /** The schema that holds the store's tables, which is made where it is missing. Default: `perdure`. */
  readonly schema?: string;
  /** As PostgreSQL shows it in `pg_stat_activity`. Default: `perdure`. */
  readonly applicationName?: string;
  /**
   * Statements are prepared once a connection and called by name. Off for poolers that give each
   * transaction another connection and do not keep such names. Default: on.
   */
  readonly prepare?: boolean;
  /**
   * `partition`: no transaction touches the rows of two partitions, for databases and poolers that
   * keep partitions in different places (Citus, CockroachDB, YugabyteDB). Default: `node`, one for all
   * that the node has to commit, which costs the least.
   */
  readonly transaction?: "node" | "partition";
  /** When the log is longer, its oldest streams are gathered. Default: `limits.storeLogBytes`. */
  readonly logBytes?: number;
  /** The same when there are more of them. Default: `limits.storeUnsettledStreams`. */
  readonly unsettledStreams?: number;
}
