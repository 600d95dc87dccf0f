/**
 * `@perdure/server/workers`: the hosts of workers elsewhere, apart from any listener. The server
 * puts them behind its own; a simulator behind connections of its own making.
 */
export { StreamWorkers, type StreamWorkersParts } from "./stream/host.ts";
export type { StreamSocket } from "./stream/socket.ts";
export type { EndpointRecord } from "./push/endpoint.ts";
export { NotConnected } from "./push/outbound/guard.ts";
export type { Outbound, PostAnswer, PostBody, PostRequest } from "./push/outbound/post.ts";
export { PushEndpoints, type PushOptions } from "./push/push-endpoints.ts";
export { MemoryPushStore, type PushStore } from "./push/push-store.ts";
