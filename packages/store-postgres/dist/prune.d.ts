/** Forgets settled runs whose row has expired, the longest expired first. */
import { type StreamId } from "@perdure/kernel";
import type { Turns } from "./commit/turns.ts";
import type { Database } from "./database.ts";
import type { Partitions } from "./partitions.ts";
export interface PruneParts {
    readonly database: Database;
    readonly partitions: Partitions;
    readonly turns: Turns;
}
export declare function prune(parts: PruneParts, now: number, limit: number, partitions: readonly number[]): Promise<readonly StreamId[]>;
//# sourceMappingURL=prune.d.ts.map