/** Index rows of runs: what lists and searches read. */
import type { Json, RunId } from "@perdure/kernel";
import { type IndexRow } from "@perdure/store";
import type { Call, Row } from "../database.ts";
export declare const RUN_COLUMNS: string;
export interface RunEntry {
    readonly partition: number;
    readonly row: IndexRow;
}
export declare function putRuns(entries: readonly RunEntry[]): Call;
/** Equal texts are equal names and equal JSON values. U+0000 is written as an escape in JSON. */
export declare function attribute([name, value]: readonly [string, Json]): string;
export declare function dropRuns(runs: readonly {
    readonly partition: number;
    readonly runId: RunId;
}[]): Call;
export declare function toIndexRow(row: Row): IndexRow;
//# sourceMappingURL=runs.d.ts.map