/** Large payloads by the SHA-256 of their bytes, each kept as long as a stream that refers to it. */
import { type StreamId } from "@perdure/kernel";
import type { Call, Database } from "../database.ts";
export interface BlobRow {
    readonly partition: number;
    readonly hash: Uint8Array;
    readonly data: Uint8Array;
}
export interface Reference {
    readonly partition: number;
    readonly stream: StreamId;
    readonly hash: Uint8Array;
}
export declare function addBlobs(blobs: readonly BlobRow[], references: readonly Reference[]): Call[];
export declare function forgetBlobs(streams: readonly {
    readonly partition: number;
    readonly stream: StreamId;
}[]): Call[];
export declare function readBlobs(database: Database, partition: number, hashes: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>;
//# sourceMappingURL=blobs.d.ts.map