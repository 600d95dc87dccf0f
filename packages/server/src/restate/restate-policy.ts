/** Who may do what through Restate's doors: a table of its own, as their clients know no operations. */
import type { AdminOperation, IngressOperation } from "@perdure/protocol-restate";
import { admins, clients, operators, roles, type Role } from "../access/roles.ts";

type OfAdmin<O> = O extends `admin.${infer Name}` ? `restateAdmin.${Name}` : never;

export type RestateOperation = IngressOperation | OfAdmin<AdminOperation>;

export const restatePolicy: Readonly<Record<RestateOperation, readonly Role[]>> = {
  "restate.invoke": clients,
  "restate.awakeable": clients,
  "restate.result": roles,
  "restate.health": roles,

  "restateAdmin.read": roles,
  /** SQL reads what lists and journals show. */
  "restateAdmin.query": roles,
  "restateAdmin.invocations": operators,
  "restateAdmin.services": operators,
  /** A deployment is called with the server's connections, as push endpoints are. */
  "restateAdmin.deployments": admins,
};
