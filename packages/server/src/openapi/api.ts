/** The document of this version, without a server: for `docs/openapi.json` and its test. */
import { systemEnv } from "@perdure/engine";
import { MemoryAccessStore } from "../access/access-store.ts";
import { ApiKeys } from "../access/api-keys.ts";
import { policy } from "../access/roles.ts";
import { AuditLog } from "../audit/audit-log.ts";
import { checkConfig } from "../config/load.ts";
import { register, type RegisteredRoute } from "../http/route.ts";
import { routesOf } from "../routes/all.ts";
import { version } from "../version.ts";
import { openApiDocument } from "./document.ts";

export function apiRoutes(): readonly RegisteredRoute[] {
  const env = systemEnv();
  const { limits, audit } = checkConfig({});
  const keys = { store: new MemoryAccessStore(), now: () => 0, log: () => undefined };
  const nobody = (): Promise<never> => Promise.reject(new Error("there is no server"));
  const apiKeys = new ApiKeys(keys);
  const parts = { env, limits, apiKeys, audit: new AuditLog(audit), doctor: nobody };
  return register(routesOf({ ...parts, cluster: nobody }), policy);
}

export function apiDocument(): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(openApiDocument(apiRoutes(), version))) as Readonly<
    Record<string, unknown>
  >;
}
