/** The nodes that share the database, and who of them has which partition. */
import type { ClusterView, NodeRecord } from "@perdure/store";
import type { Database } from "../database.ts";
/** A sign of life, and who else gives one. */
export declare function beat(database: Database, node: NodeRecord, gone: readonly string[]): Promise<ClusterView>;
//# sourceMappingURL=nodes.d.ts.map