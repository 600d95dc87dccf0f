/** `@perdure/server`: the engine's doors. */
export { MemoryAccessStore, type AccessStore, type ApiKeyRecord } from "./access/access-store.ts";
export { ApiKeys, type ApiKeyView, type IssuedKey, type NewApiKey } from "./access/api-keys.ts";
export type { Caller } from "./access/caller.ts";
export { policy, roles, type Policy, type Role } from "./access/roles.ts";
export { brokenAt } from "./audit/audit-log.ts";
export type { Config, ConfigInput } from "./config/config.ts";
export { describeConfig, type SettingView } from "./config/describe.ts";
export { loadConfig, type ConfigSources, type LoadedConfig, type Source } from "./config/load.ts";
export type { DoctorAnswer, Finding } from "./doctor/doctor.ts";
export type { Route } from "./http/route.ts";
export { serverLimits, type ServerLimits } from "./limits.ts";
export { apiDocument } from "./openapi/api.ts";
export { serve, type Doors, type ServeOptions } from "./serve.ts";
export { startServer, type RunningServer, type ServerOptions } from "./start.ts";
export type { PushHost, StreamHost, StreamPeer } from "./workers/hosts.ts";
export { StreamWorkers, type StreamWorkersParts } from "./workers/stream/host.ts";
export { MemoryPushStore, type PushStore } from "./workers/push/push-store.ts";
export type { EndpointRecord } from "./workers/push/endpoint.ts";
