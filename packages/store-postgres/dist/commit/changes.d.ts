import { type StreamId } from "@perdure/kernel";
import { type Blob, type IndexRow, type Settled } from "@perdure/store";
import { type Tail } from "@perdure/store/log";
import type { Call } from "../database.ts";
import type { PartitionMemory } from "../partition-memory.ts";
import { type LinkEntry } from "../tables/log.ts";
/** What a gathered stream is to be woken for; unsettled: it was only moved out of the log. */
export type Rest = Pick<Settled, "alarm" | "hasWork" | "snapshot"> | "unsettled";
export declare class Changes {
    #private;
    /** Moves a tail, which ends at or before batch `position`, out of the log. */
    gather(memory: PartitionMemory, stream: StreamId, tail: Tail | undefined, position: number, rest: Rest): void;
    /** With all that is the stream's. `tail`: what the log had of it. */
    forget(memory: PartitionMemory, stream: StreamId, tail: Tail | undefined, position: number): void;
    /** Is what the stream was before the transaction gone by now? */
    hasWiped(stream: StreamId): boolean;
    putRun(partition: number, row: IndexRow): void;
    putBlob(partition: number, blob: Blob): void;
    putLink(partition: number, peer: number, how: Partial<LinkEntry>): void;
    /** Deletes segments that nobody needs, when what they said of messages is written down. */
    dropSegments(memory: PartitionMemory): void;
    /** In the order in which they are to be carried out. */
    calls(): Call[];
}
//# sourceMappingURL=changes.d.ts.map