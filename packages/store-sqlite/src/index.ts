/** Perdure's store on one SQLite file. */
export { SqliteStore } from "./sqlite-store.ts";
export type { InlineOptions, SqliteOptions, WriteFault } from "./options.ts";
