import { type Batch, type CommitResult } from "@perdure/store";
import type { Call } from "../database.ts";
import type { PartitionMemory } from "../partition-memory.ts";
import { Changes } from "./changes.ts";
/** What a transaction adds to the log of one partition. */
interface Share {
    readonly memory: PartitionMemory;
    readonly before: number;
    readonly segment: number;
    readonly parts: Buffer[];
}
export declare class Writing {
    #private;
    readonly changes: Changes;
    get isEmpty(): boolean;
    /** What the call is answered at once; undefined: it is in. */
    take(batches: readonly Batch[], memories: ReadonlyMap<number, PartitionMemory>): Verdict;
    /** A partition that is only looked after: its fence is asked, and its last batch stays. */
    share(memory: PartitionMemory): Share;
    /** All that is to be sent. Nothing can be taken any more. */
    calls(): Call[];
}
type Verdict = Exclude<CommitResult, {
    readonly type: "done" | "unknown";
}> | undefined;
export {};
//# sourceMappingURL=writing.d.ts.map