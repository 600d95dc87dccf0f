/** For tests: PostgreSQL servers of one's own, and a network between that can be cut. */
export { CuttingProxy } from "./cutting-proxy.ts";
export { findPrograms, giveAway, programOwner, USER } from "./programs.ts";
export { missingPostgres, startPostgres, type PostgresServer } from "./postgres-server.ts";
