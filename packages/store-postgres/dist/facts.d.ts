/** What `doctor` prints of a PostgreSQL store. */
import type { StoreFacts } from "@perdure/store";
import type { Database } from "./database.ts";
import type { Partitions } from "./partitions.ts";
export declare function factsOf(database: Database, partitions: Partitions, count: number): Promise<StoreFacts>;
//# sourceMappingURL=facts.d.ts.map