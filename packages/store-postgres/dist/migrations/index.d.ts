import type { Database } from "../database.ts";
export declare const schemaVersion: number;
export declare function migrate(database: Database): Promise<void>;
//# sourceMappingURL=index.d.ts.map