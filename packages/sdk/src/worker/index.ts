/**
 * `perdure/worker`: what runs definitions, apart from any engine. `open` puts one into your process;
 * a transport, or a simulator, registers one with whatever hosts workers.
 */
export { Registry, type Definitions } from "./registry.ts";
export { InProcessWorker } from "./worker.ts";
export { StreamWorker, type StreamWorkerParts } from "../stream/stream-worker.ts";
export type { Destination, Dial, Ear, Line } from "../stream/line.ts";
export { pushHandlerIn, type AppRequest, type PushWorld } from "../push/handler.ts";
