/** For tests: PostgreSQL servers of one's own, and a network between that can be cut. */
export { CuttingProxy } from "./cutting-proxy.js";
export { missingPostgres, startPostgres } from "./postgres-server.js";
//# sourceMappingURL=index.js.map