/** `@perdure/protocol-restate`: Restate's SDKs, clients and command line on Perdure. */
export type * from "./deployments/deployment.ts";
