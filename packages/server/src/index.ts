/** `@perdure/server`: the engine's doors. */
export { serverLimits } from "./limits.ts";
