/** How a SQLite store is opened. */
export interface SqliteOptions {
  /** Of a new file; an existing one keeps its count. Default: 64. */
  readonly partitions?: number;
  /** The file does not grow past this; a commit that would make it is answered `failed`. */
  readonly maxBytes?: number;
  /** When the log is longer, its oldest streams are gathered. Default: `limits.storeLogBytes`. */
  readonly logBytes?: number;
  /** The same when there are more of them. Default: `limits.storeUnsettledStreams`. */
  readonly unsettledStreams?: number;
}

/** What a test or the simulator may do to the next commit. Only a store opened inline has it. */
export type WriteFault = "none" | "abort" | "lost" | "applied";

export interface InlineOptions extends SqliteOptions {
  /** Asked before each transaction of commits. */
  readonly fault?: () => WriteFault;
}
