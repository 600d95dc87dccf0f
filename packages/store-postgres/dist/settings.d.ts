import { type Place } from "@perdure/store";
import type { Database } from "./database.ts";
/** The store's count of partitions: the one asked for when it is new. */
export declare function settlePartitions(database: Database, asked?: number): Promise<number>;
/** The place that the store has; `wanted` where it has none and nobody has used it. */
export declare function settlePlace(database: Database, wanted: Place | undefined): Promise<Place | undefined>;
//# sourceMappingURL=settings.d.ts.map