/**
 * Answers what is asked of streams: from what is known by heart and the tables, or, of a partition
 * that this process has not opened, from one snapshot of the database.
 */
import { type StreamId } from "@perdure/kernel";
import { type Alarm, type StreamData } from "@perdure/store";
import type { Turns } from "./commit/turns.ts";
import type { Database } from "./database.ts";
import type { Partitions } from "./partitions.ts";
export interface ReaderParts {
    readonly database: Database;
    readonly partitions: Partitions;
    readonly turns: Turns;
    /** Of the store. */
    readonly count: number;
}
export declare class Reader {
    #private;
    constructor(parts: ReaderParts);
    read(stream: StreamId, from: number | undefined, limit: number): Promise<StreamData | undefined>;
    /** Soonest first. */
    alarms(partition: number, before: number, limit: number): Promise<readonly Alarm[]>;
    /** What is in a tail is looked for first: from there streams go to the table, never back. */
    streams(prefix: string, limit: number, after: StreamId | undefined): Promise<readonly StreamId[]>;
}
//# sourceMappingURL=reader.d.ts.map