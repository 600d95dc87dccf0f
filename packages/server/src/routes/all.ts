/** Every route of the server but those of push endpoints, which their host brings. */
import type { ClusterReport, Env } from "@perdure/engine";
import type { ApiKeys } from "../access/api-keys.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import type { DoctorAnswer } from "../doctor/doctor.ts";
import type { Route } from "../http/route.ts";
import type { ServerLimits } from "../limits.ts";
import { apiKeyRoutes } from "./api-keys.ts";
import { busRoutes } from "./bus.ts";
import { clusterRoutes } from "./cluster.ts";
import { keyRoutes } from "./keys.ts";
import { OutcomeWaits } from "./outcome-waits.ts";
import { runRoutes } from "./runs.ts";
import { scheduleRoutes } from "./schedules.ts";
import { serverRoutes } from "./server.ts";
import { transferRoutes } from "./transfer.ts";
import { watchRoute } from "./watch.ts";
import { workerRoutes } from "./workers.ts";

export interface RoutesParts {
  readonly env: Env;
  readonly limits: ServerLimits;
  readonly apiKeys: ApiKeys;
  readonly audit: AuditLog;
  readonly doctor: () => Promise<DoctorAnswer>;
  readonly cluster: () => Promise<ClusterReport>;
}

/** In the order in which the document tells them. */
export function routesOf(parts: RoutesParts): readonly Route[] {
  const { env, limits, apiKeys, audit, doctor, cluster } = parts;
  return [
    ...runRoutes(new OutcomeWaits(env)),
    watchRoute(env, limits),
    ...keyRoutes,
    ...busRoutes,
    ...scheduleRoutes,
    ...workerRoutes,
    ...transferRoutes,
    ...apiKeyRoutes(apiKeys),
    ...clusterRoutes(cluster),
    ...serverRoutes({ examine: doctor, audit }),
  ];
}
