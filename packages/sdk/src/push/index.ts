/** `perdure/push`: workflows and tasks in a web app, for a Perdure server that calls it. */
export { forEvents, forFetch, forHono, forNext, forReactRouter } from "./adapters.ts";
export { pushHandler, type Arrival, type PushHandler } from "./handler.ts";
export { forLambda, type LambdaEvent, type LambdaResult } from "./lambda.ts";
export { toNodeListener, type NodeRequest, type NodeResponse } from "./node-listener.ts";
export type { PushOptions } from "./options.ts";
export type { NonceStore } from "@perdure/wire";
