/** `@perdure/cli`: the program `perdure`, for those who run it inside another process. */
export { main } from "./main.ts";
