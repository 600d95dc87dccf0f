/** Perdure's store on PostgreSQL. */
export type { PostgresOptions } from "./options.ts";
export { PostgresStore } from "./postgres-store.ts";
