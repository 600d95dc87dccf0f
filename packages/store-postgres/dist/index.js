export { PostgresStore } from "./postgres-store.js";
//# sourceMappingURL=index.js.map