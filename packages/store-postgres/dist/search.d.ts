import { type OpenRuns, type Page, type Query } from "@perdure/store";
import type { Row, Statement, Value } from "./database.ts";
type Filter = Omit<Query, "limit" | "cursor">;
type Ask = (statement: Statement, values: readonly Value[]) => Promise<readonly Row[]>;
export declare function search(ask: Ask, query: Query): Promise<Page>;
export declare function count(ask: Ask, filter: Filter): Promise<number>;
/** By the index of open runs alone. */
export declare function versions(ask: Ask, namespace: string): Promise<readonly OpenRuns[]>;
export {};
//# sourceMappingURL=search.d.ts.map