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
export {
  DeploymentRegistry,
  type Discover,
  type RegisterRequest,
  type Registered,
  type RegistryParts,
  type UpdateRequest,
} from "./deployments/registry.ts";
export type { DeploymentRecord, NamespaceCatalog, ServiceView } from "./deployments/catalog.ts";
export type { DoorAnswer, DoorRequest } from "./frontdoor/ingress/door-answer.ts";
export type { DoorCaller, Stay } from "./frontdoor/ingress/door-caller.ts";
export { refusal as ingressRefusal } from "./frontdoor/ingress/answers.ts";
export { createIngress, type Ingress, type IngressParts } from "./frontdoor/ingress/ingress.ts";
export { ingressOperationOf, type IngressOperation } from "./frontdoor/ingress/routes.ts";
export { RestateDriver, type DriverParts } from "./driver/restate-driver.ts";
export {
  adminOperationOf,
  createAdmin,
  type Admin,
  type AdminOperation,
} from "./frontdoor/admin/admin.ts";
export { refusal as adminRefusal } from "./frontdoor/admin/answers.ts";
export type { AdminCaller, AdminParts } from "./frontdoor/admin/parts.ts";
export { preview, type Preview, type PreviewRequest } from "./driver/preview.ts";
