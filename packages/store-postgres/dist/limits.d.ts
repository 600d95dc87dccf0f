/** The limits of a PostgreSQL store, in the unit that ends the name. */
export declare const postgresLimits: {
    /** To one database, unless an option says otherwise, and at most. */
    readonly connections: 4;
    readonly mostConnections: 100;
    /** How long a connection may take to be there. */
    readonly connectMs: 10000;
    /** A statement without an answer for so long has lost its connection. */
    readonly answerMs: 60000;
    /** The same for what reads much: a partition's log, lists and counts. */
    readonly longAnswerMs: 600000;
    /** Between attempts to connect to a database that does not take connections: the first, the last. */
    readonly reconnectMs: 50;
    readonly reconnectMostMs: 2000;
    /** A transaction that the database gave up for another one is tried so often. */
    readonly attempts: 10;
    /** Streams out of the log whose end is known by heart, per partition. */
    readonly knownStreams: 1000;
    /** A commit drops a partition's segments that nobody needs when there are so many. */
    readonly freeSegments: 32;
    /** Otherwise they go when the store has been idle for so long. */
    readonly idleMs: 100;
    /** Streams that are gathered out of the log at a time. */
    readonly gatherStreams: 256;
    /** Messages that other nodes' partitions may have applied are asked about so often. */
    readonly deliveriesMs: 1000;
    /** Ended epochs of a partition of which it is known how far each came. */
    readonly epochs: 1000;
    /** A read that commits overtake is begun again so often. */
    readonly readAttempts: 100;
    readonly schemaChars: 63;
};
//# sourceMappingURL=limits.d.ts.map