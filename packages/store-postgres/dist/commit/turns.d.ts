import type { Batch, CommitResult } from "@perdure/store";
/** A call of `commit` that waits for its turn. */
export interface CommitCall {
    readonly batches: readonly Batch[];
    readonly bytes: number;
    readonly answer: (result: CommitResult) => void;
}
export declare class Turns {
    #private;
    /** `width`: pieces of work at once. `carryOut` answers each call, and never throws. */
    constructor(width: number, carryOut: (calls: readonly CommitCall[]) => Promise<void>);
    commit(batches: readonly Batch[]): Promise<CommitResult>;
    /** Nothing else is done on the partitions meanwhile. */
    alone<T>(partitions: readonly number[], work: () => Promise<T>): Promise<T>;
    /** Looks at a partition while no work on it is under way. */
    look<T>(partition: number, at: () => T): Promise<T>;
    /** Resolves when everything that has come so far is done, and what came meanwhile. */
    idle(): Promise<void>;
}
//# sourceMappingURL=turns.d.ts.map