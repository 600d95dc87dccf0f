/** `@perdure/engine`: the shell around the kernel. */
export { Engine } from "./engine.ts";
export { defaultTuning, type EngineOptions, type Tuning } from "./core/options.ts";
export type { ClusterStanding, EngineStats } from "./core/stats.ts";
export {
  checkJson,
  checkKey,
  checkName,
  checkPayload,
  checkSignal,
  checkStart,
  checkStartMany,
  checkText,
  startBytes,
} from "./client/checks.ts";
export type { KeyVerbs, KeyView, WaitingStart } from "./client/keys.ts";
export type { KeyedStateVerbs } from "./client/keyed-state.ts";
export { checkRunId } from "./client/desk.ts";
export { createCalendar, validateCalendar } from "./calendar.ts";
export { within, type Within } from "./client/within.ts";
export { systemEnv, type SystemEnvOptions } from "./system-env.ts";
export type {
  ClusterReport,
  NodeView,
  PartitionGauge,
  PartitionView,
} from "./nodes/cluster-view.ts";
export type { NodeOptions } from "./nodes/node-options.ts";
export { abandonMove, type Abandoned, type AbandonOptions } from "./move/abandon.ts";
export { compareStores, type Comparison, type Likeness } from "./move/compare.ts";
export { moveStore, type Moved, type MoveOptions, type MoveProgress } from "./move/move.ts";
export type { StoreSource } from "./move/store-end.ts";
export { takeBack, type TakeBackOptions } from "./move/take-back.ts";
export { survey, type Survey } from "./move/survey.ts";
export type * from "./nodes/peer-network.ts";
export type * from "./client.ts";
export type * from "./env.ts";
export type * from "./worker.ts";
