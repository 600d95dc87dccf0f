import type { StreamId } from "@perdure/kernel";
import { type Head, type RawStream, type Tail } from "@perdure/store/log";
import type { Session } from "./database.ts";
import type { StreamRow } from "./partition-memory.ts";
/** A tail as it was at one moment. */
export interface SeenTail {
    readonly start: Head;
    readonly end: Head;
    readonly records: readonly Uint8Array[];
}
/** What the tables have of a stream: whole chunks that hold the events that were asked for. */
export interface Gathered {
    readonly row: StreamRow;
    readonly snapshot: RawStream["snapshot"];
    readonly chunks: readonly Uint8Array[];
    /** What the first chunk follows. */
    readonly start: Head | undefined;
    readonly lastSeq: number;
}
/** The tail of a stream of a damaged log cannot be read. */
export declare function seeTail(tail: Tail | undefined): SeenTail | undefined;
export declare function readGathered(session: Pick<Session, "run">, partition: number, stream: StreamId, from: number | undefined, limit: number): Promise<Gathered | undefined>;
/** Does the one go on where the other ends? */
export declare function follows(tail: SeenTail, gathered: Gathered | undefined): boolean;
/** Undefined: there is no such stream. */
export declare function putTogether(stream: StreamId, tail: SeenTail | undefined, gathered: Gathered | undefined, from: number | undefined): RawStream | undefined;
//# sourceMappingURL=read-stream.d.ts.map