/**
 * What this process knows by heart of a partition that it has opened, so that a commit need not read.
 *
 * 1. It is a function of the database as of `incarnation`: when anything about it is in doubt it is
 *    thrown away and built again.
 * 2. It is changed by the one transaction of the partition that is under way, which either commits
 *    or is the doubt of rule 1; so it is looked at between transactions only.
 * 3. A row of a stream that has a tail is never forgotten: the tail goes on from it.
 */
import type { StreamId } from "@perdure/kernel";
import type { Log, Owner } from "@perdure/store/log";
/** Of a stream in the tables. */
export interface StreamRow {
    readonly id: number;
    /** 0: it is forgotten. */
    readonly seq: number;
    readonly crc: number;
    /** What the log holds of the stream up to this batch is void. */
    readonly position: number;
    readonly settled: boolean;
}
export declare class KnownRows {
    #private;
    constructor(isPinned: (stream: StreamId) => boolean);
    get(stream: StreamId): StreamRow | undefined;
    /** The row of a stream that is not forgotten. */
    gathered(stream: StreamId): StreamRow | undefined;
    set(stream: StreamId, row: StreamRow): void;
    delete(stream: StreamId): void;
}
export interface PartitionMemory {
    readonly partition: number;
    readonly epoch: number;
    readonly incarnation: number;
    readonly log: Log;
    readonly owner: Owner;
    readonly rows: KnownRows;
    /** The highest id that a stream of the partition has or had. */
    lastId: number;
    /** There may be rows of forgotten streams, which go when the log begins after them. */
    hasForgotten: boolean;
}
//# sourceMappingURL=partition-memory.d.ts.map