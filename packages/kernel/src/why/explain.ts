/**
 * `why`: what something waits for, since when, who has it, what failed, when something happens by
 * itself, and what a person can do. Pure, and shared by command line, API and console.
 *
 * The shell gathers (`leadsOfRun`, `leadsOfKey` say whom to look at); nothing is decided there.
 */
import type { KeyRef, RunId } from "../ids.ts";
import type { KeyState } from "../machines/key/state.ts";
import type { RunState } from "../machines/run/state.ts";
import type { ScheduleView } from "../machines/schedule/view.ts";
import type { Explanation } from "./explanation.ts";
import { explainKeyState, explainPending } from "./keys.ts";
import { explainRun } from "./run.ts";
import { explainScheduleView } from "./schedules.ts";
import type { Surroundings } from "./surroundings.ts";
import { newTelling } from "./telling.ts";

export function explain(state: RunState, world: Surroundings, now: number): Explanation {
  const path = state.spec === undefined ? [] : [state.spec.runId];
  return explainRun(state, { ...newTelling(world, now), path });
}

export function explainKey(
  key: KeyRef,
  state: KeyState,
  world: Surroundings,
  now: number,
): Explanation {
  return explainKeyState(key, state, newTelling(world, now));
}

/** Undefined: the start does not wait under this key. */
export function explainStartUnder(
  key: KeyRef,
  runId: RunId,
  state: KeyState,
  world: Surroundings,
  now: number,
): Explanation | undefined {
  return explainPending(runId, key, state, newTelling(world, now));
}

export function explainSchedule(view: ScheduleView, world: Surroundings, now: number): Explanation {
  return explainScheduleView(view, newTelling(world, now));
}
