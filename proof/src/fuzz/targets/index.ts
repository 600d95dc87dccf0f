/** All that is fuzzed. */
import type { Target } from "../target.ts";
import { jsonTarget } from "./json.ts";

/** Each is made when its turn comes, for some start a server. */
export const targets: readonly (() => Target | Promise<Target>)[] = [() => jsonTarget];
