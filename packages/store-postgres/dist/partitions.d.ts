import type { Batch, Claim } from "@perdure/store";
import type { Writing } from "./commit/writing.ts";
import type { Database } from "./database.ts";
import type { PartitionMemory } from "./partition-memory.ts";
export declare class Partitions {
    #private;
    constructor(database: Database);
    get known(): ReadonlyMap<number, PartitionMemory>;
    epochOf(partition: number): number | undefined;
    /** Those that this process has opened and has not heard to be another's. */
    get own(): readonly number[];
    open(partition: number, claim: Claim | undefined): Promise<PartitionMemory>;
    /** Undefined: the epoch is over. */
    get(partition: number, epoch: number): Promise<PartitionMemory | undefined>;
    /** What is known by heart is in doubt. */
    forget(partition: number): void;
    /** Somebody else has opened it. */
    lose(partition: number): void;
    /** Rows that a call goes on from and that are not known by heart. */
    lookUp(batches: readonly Batch[]): Promise<void>;
    /** Carries out what was put together; when it throws, nothing is known by heart (rule 1). */
    write(writing: Writing, partitions: readonly number[]): Promise<void>;
}
//# sourceMappingURL=partitions.d.ts.map