/** `@perdure/protocol-restate`: Restate's SDKs, clients and command line on Perdure. */
export type * from "./deployments/deployment.ts";
export {
  discover,
  type DiscoverParts,
  type DiscoverRequest,
  type Discovered,
} from "./driver/discover.ts";
export type { OutboundGuard } from "./driver/http/dial.ts";
export { RequestIdentity } from "./driver/identity.ts";
