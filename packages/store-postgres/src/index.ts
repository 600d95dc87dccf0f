/** Perdure's store on PostgreSQL. */
export { openPostgres, shownAddresses } from "./open-postgres.ts";
export type { PostgresOptions } from "./options.ts";
export { PostgresStore } from "./postgres-store.ts";
