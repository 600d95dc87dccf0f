/**
 * The run: the journal of one execution, and what follows from it.
 *
 * R1  A closed run emits nothing more (invariant 7).
 * R2  An operation key is open at most once; an ordinal is recorded at most once.
 * R3  An attempt's outcome is accepted only while that attempt is out (invariant 5).
 * R4  Every open run that does not want an activation, is not paused and has no pending attempt,
 *     has at least one open operation (invariant 8); `explain` names it.
 */
import type { RunEventBody } from "../../events/run-events.ts";
import type { RunMessage } from "../../messages.ts";
import type { Machine } from "../machine.ts";
import { decideRun } from "./decide.ts";
import { evolveRun } from "./evolve.ts";
import { initialRun, type RunState } from "./state.ts";

export const runMachine: Machine<RunState, RunMessage, RunEventBody> = {
  initial: initialRun,
  decide: decideRun,
  evolve: evolveRun,
  wakeAt: (state) => state.soonest,
  // A journal is kept for as long as its retention says; only pruning forgets it.
  isEmpty: () => false,
};

export { isClosing } from "./closing.ts";
export { isWaking } from "./waking.ts";
export { rowOf, statusOf, type RunRow, type RunStatus } from "./row.ts";
export {
  running,
  wantsActivation,
  work,
  type OfferedTask,
  type RunningTask,
  type Work,
} from "./work.ts";
export type {
  CallOperation,
  Operation,
  RunState,
  StepOperation,
  TimerOperation,
  UpdateState,
  WaitOperation,
} from "./state.ts";
