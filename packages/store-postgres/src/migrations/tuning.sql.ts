/**
 * How PostgreSQL keeps the tables: it changes no answer, so a database that does not know one of
 * these is left as it is. Rows that are changed all the time find room beside themselves; payloads
 * are not compressed in vain; tables that are emptied as fast as they fill are cleaned up soon.
 */
export const tuning: readonly string[] = [
  "ALTER TABLE @.partitions SET (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)",
  "ALTER TABLE @.links SET (fillfactor = 50)",
  "ALTER TABLE @.nodes SET (fillfactor = 10)",
  "ALTER TABLE @.segments ALTER COLUMN data SET STORAGE EXTERNAL",
  "ALTER TABLE @.segments SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000)",
  "ALTER TABLE @.chunks ALTER COLUMN data SET STORAGE EXTERNAL",
  "ALTER TABLE @.snapshots ALTER COLUMN data SET STORAGE EXTERNAL",
  "ALTER TABLE @.blobs ALTER COLUMN data SET STORAGE EXTERNAL",
];
