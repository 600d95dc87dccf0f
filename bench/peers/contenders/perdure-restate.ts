import type { Contender } from "../../src/contender.ts";
import { hello } from "../../src/ours/hello.ts";
import { contenderOn } from "../src/restate/contender.ts";
import { startPerdure } from "../src/restate/perdure-server.ts";

const { versions, durability } = hello("perdure-restate", "");

/** The same service and the same driver as Restate's, with our server between them. */
export const contender: Contender = contenderOn({
  name: "perdure-restate",
  versions,
  durability,
  settings: "one SQLite file, 64 partitions",
  isInstalled: true,
  start: startPerdure,
  // As many as for the default of the peer's partitions.
  settlingCalls: 240,
});
