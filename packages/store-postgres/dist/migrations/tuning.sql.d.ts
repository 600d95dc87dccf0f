/**
 * How PostgreSQL keeps the tables: it changes no answer, so a database that does not know one of
 * these is left as it is. Rows that are changed all the time find room beside themselves; payloads
 * are not compressed in vain; tables that are emptied as fast as they fill are cleaned up soon.
 */
export declare const tuning: readonly string[];
//# sourceMappingURL=tuning.sql.d.ts.map