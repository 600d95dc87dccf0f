/** `@perdure/cli`: the program `perdure`, for those who run it inside another process. */
export type { World } from "./context.ts";
export { exitCodes } from "./exit-codes.ts";
export { main } from "./main.ts";
export { run } from "./run.ts";
