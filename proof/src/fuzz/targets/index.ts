/** All that is fuzzed. */
import type { Target } from "../target.ts";
import { callsTarget } from "./calls.ts";
import { filesTarget } from "./files.ts";
import { framesTarget, pushTarget } from "./frames.ts";
import { jsonTarget } from "./json.ts";
import { nodesTarget } from "./nodes.ts";
import { restateTarget } from "./restate.ts";
import { routesTarget } from "./routes.ts";
import { streamTarget } from "./stream.ts";

/** Each is made when its turn comes, for some start a server. */
export const targets: readonly (() => Target | Promise<Target>)[] = [
  () => jsonTarget,
  () => framesTarget,
  () => pushTarget,
  () => nodesTarget,
  () => restateTarget,
  filesTarget,
  routesTarget,
  streamTarget,
  callsTarget,
];
