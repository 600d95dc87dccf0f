import type { Session } from "./database.ts";
import { type PartitionMemory } from "./partition-memory.ts";
/** The partition's row, once it is held. */
export interface Held {
    readonly partition: number;
    readonly epoch: number;
    readonly incarnation: number;
    readonly lastBatch: number;
}
export declare function loadPartition(session: Session, held: Held): Promise<PartitionMemory>;
//# sourceMappingURL=load.d.ts.map