import type { Turns } from "./commit/turns.ts";
import type { Database } from "./database.ts";
import type { Partitions } from "./partitions.ts";
export interface UpkeepParts {
    readonly database: Database;
    readonly partitions: Partitions;
    readonly turns: Turns;
    /** Past these, the oldest streams are gathered. */
    readonly logBytes: number;
    readonly unsettledStreams: number;
}
export declare class Upkeep {
    #private;
    constructor(parts: UpkeepParts);
    /** Something was committed. */
    readonly stir: () => void;
    /** Nothing more is begun; what is under way ends. */
    stop(): Promise<void>;
}
//# sourceMappingURL=upkeep.d.ts.map