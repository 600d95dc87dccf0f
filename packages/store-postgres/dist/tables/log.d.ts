/** The log: fences, segments, and how far messages between partitions have come. */
import type { StreamId } from "@perdure/kernel";
import type { Call, Statement } from "../database.ts";
/** What a transaction asks of a partition's row, and makes of it. */
export interface Fence {
    readonly partition: number;
    readonly epoch: number;
    readonly incarnation: number;
    /** The last batch before the transaction, and after it. */
    readonly before: number;
    readonly after: number;
}
export interface SegmentRow {
    readonly partition: number;
    readonly number: number;
    readonly data: Uint8Array;
}
export interface NewStream {
    readonly partition: number;
    readonly stream: StreamId;
}
export declare function appendSegments(fences: readonly Fence[], segments: readonly SegmentRow[], begun: readonly NewStream[]): Call;
/** Which of its conditions the statement above found not to hold. */
export declare function brokenCondition(error: unknown): "fence" | "exists" | undefined;
export declare function dropSegments(segments: readonly {
    readonly partition: number;
    readonly number: number;
}[]): Call;
/** Each number only grows; 0: it is not to be changed. */
export interface LinkEntry {
    readonly partition: number;
    readonly peer: number;
    readonly sent: number;
    readonly mark: number;
    readonly delivered: number;
}
export declare function putLinks(entries: readonly LinkEntry[]): Call;
/** What receivers have applied of senders. */
export declare const readMarks: Statement;
//# sourceMappingURL=log.d.ts.map