/**
 * The store port on one PostgreSQL database.
 *
 * Safety is the database's: a transaction asks the row of each of its partitions for epoch,
 * incarnation and batch, and is nothing if one is not as this process believes. All that is known
 * by heart rests on that, and is thrown away when it turns out to be wrong.
 */
import { type StreamId } from "@perdure/kernel";
import type { Alarm, Batch, Claim, ClusterView, CommitResult, Delivery, NodeRecord, OpenRuns, Opened, Page, Place, Query, Seal, Store, StoreFacts, StreamData } from "@perdure/store";
import type { PostgresOptions } from "./options.ts";
export declare class PostgresStore implements Store {
    #private;
    readonly partitions: number;
    readonly databases: number;
    /** Brings the schema up to date, or makes it. `address`: `postgres://user:password@host/name`. */
    static open(address: string, options?: PostgresOptions): Promise<PostgresStore>;
    private constructor();
    databaseOf(partition: number): number;
    open(partition: number, claim?: Claim): Promise<Opened>;
    release(partition: number, epoch: number): Promise<void>;
    seal(partition: number, epoch: number, seal?: Seal): Promise<void>;
    beat(node: NodeRecord, gone?: readonly string[]): Promise<ClusterView>;
    commit(batches: readonly Batch[]): Promise<CommitResult>;
    outcome(partition: number, number: number, epoch?: number): Promise<"applied" | "lost">;
    read(stream: StreamId, from?: number, limit?: number): Promise<StreamData | undefined>;
    blobs(partition: number, hashes: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>;
    streams(prefix: string, limit: number, after?: StreamId): Promise<readonly StreamId[]>;
    alarms(partition: number, before: number, limit: number): Promise<readonly Alarm[]>;
    search(query: Query): Promise<Page>;
    count(query: Omit<Query, "limit" | "cursor">): Promise<number>;
    versions(namespace: string): Promise<readonly OpenRuns[]>;
    /** Only in partitions that this process has opened: the streams of another are its owner's. */
    prune(now: number, limit: number, partitions?: readonly number[]): Promise<readonly StreamId[]>;
    /** Rows are written with the commit that has them. */
    flush(): Promise<void>;
    delivered(deliveries: readonly Delivery[]): Promise<void>;
    place(wanted?: Place): Promise<Place | undefined>;
    facts(): Promise<StoreFacts>;
    close(): Promise<void>;
}
//# sourceMappingURL=postgres-store.d.ts.map