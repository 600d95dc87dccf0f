/** `perdure/remote`: the engine's verbs over HTTP, for tools; programs use `connect`. */
export { RemoteEngine, type RemoteEngineOptions } from "./remote-engine.ts";
