import type { Database } from "../database.ts";
import type { Partitions } from "../partitions.ts";
import type { CommitCall } from "./turns.ts";
export interface CommitterParts {
    readonly database: Database;
    readonly partitions: Partitions;
    /** Calls that are durable. */
    readonly applied: (calls: readonly CommitCall[]) => void;
}
export declare class Committer {
    #private;
    constructor(parts: CommitterParts);
    /** Answers every call. */
    readonly carryOut: (calls: readonly CommitCall[]) => Promise<void>;
}
//# sourceMappingURL=committer.d.ts.map