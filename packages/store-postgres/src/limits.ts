/** The limits of a PostgreSQL store, in the unit that ends the name. */
export const postgresLimits = {
  /** To one database, unless an option says otherwise, and at most. */
  connections: 4,
  mostConnections: 100,
  /** How long a connection may take to be there. */
  connectMs: 10_000,
  /** A statement without an answer for so long has lost its connection. */
  answerMs: 30_000,
  /** The same for a sign of life, which is of no use when it comes late. */
  beatAnswerMs: 5_000,
  /** The same for what reads much: a partition's log, lists and counts. */
  longAnswerMs: 600_000,
  /** The database gives up a session whose answers are not taken, or that waits in a transaction. */
  silentMs: 10_000,
  idleInTransactionMs: 30_000,
  /** Silence on a connection before the other end is asked whether it is there. */
  keepAliveMs: 5_000,
  /** Between attempts to connect to a database that does not take connections: the first, the last. */
  reconnectMs: 50,
  reconnectMostMs: 2_000,
  /** A transaction that the database gave up for another one is tried so often. */
  attempts: 10,
  /** Streams out of the log whose end is known by heart, per partition. */
  knownStreams: 1_000,
  /** A commit drops a partition's segments that nobody needs when there are so many. */
  freeSegments: 32,
  /** Of so many partitions, where it does housekeeping anyway; of one where not. */
  dropsACommit: 8,
  /** Otherwise they go when the store has been idle for so long. */
  idleMs: 100,
  /** Streams that are gathered out of the log at a time. */
  gatherStreams: 256,
  /** Messages that other nodes' partitions may have applied are asked about so often. */
  deliveriesMs: 1_000,
  /** Ended epochs of a partition of which it is known how far each came. */
  epochs: 1_000,
  /** A read that commits overtake is begun again so often. */
  readAttempts: 100,
  /** Of a stream's name in UTF-8: an entry of an index is at most a third of a page. */
  nameBytes: 2_600,
  schemaChars: 63,
} as const;
