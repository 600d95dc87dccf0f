/** Streams out of the log: their rows, chunks of records, and snapshots. */
import type { StreamId } from "@perdure/kernel";
import type { Call, Database, Row } from "../database.ts";
import type { StreamRow } from "../partition-memory.ts";
export interface ChunkRow {
    readonly partition: number;
    readonly stream: number;
    readonly firstSeq: number;
    readonly lastSeq: number;
    readonly previousCrc: number;
    readonly data: Uint8Array;
}
export interface SnapshotRow {
    readonly partition: number;
    readonly stream: number;
    readonly seq: number;
    readonly crc: number;
    readonly data: Uint8Array;
}
/** A row as it is to be written. */
export interface StreamEntry extends StreamRow {
    readonly partition: number;
    readonly stream: StreamId;
    readonly hasWork: boolean;
    readonly alarm: number | undefined;
}
/** A stream and where the log stood when it was forgotten. */
export interface Forgotten {
    readonly partition: number;
    readonly stream: StreamId;
    readonly position: number;
}
export declare function nameBytes(stream: StreamId): Buffer;
export declare function streamOf(name: unknown): StreamId;
export declare function toStreamRow(row: Row): StreamRow;
export declare function putStreams(entries: readonly StreamEntry[]): Call;
export declare function addChunks(chunks: readonly ChunkRow[]): Call;
export declare function putSnapshots(snapshots: readonly SnapshotRow[]): Call;
export declare function dropSnapshots(ids: readonly {
    readonly partition: number;
    readonly stream: number;
}[]): Call;
export declare function forgetStreams(streams: readonly Forgotten[]): Call[];
/** Rows of forgotten streams are not needed once the log begins after them. */
export declare function dropForgottenBefore(places: readonly {
    readonly partition: number;
    readonly oldest: number;
}[]): Call;
/** Streams that their partition's owner has to load at once. */
export declare function awakeStreams(database: Database, partition: number): Promise<StreamId[]>;
//# sourceMappingURL=streams.d.ts.map