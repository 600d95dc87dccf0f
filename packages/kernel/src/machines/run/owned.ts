/** The run's state as `evolve` sees it: its own, and open to writing. */
import type { Operation, RunState, UpdateState } from "./state.ts";

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export type Owned = Omit<
  Writable<RunState>,
  "operations" | "signals" | "signalIds" | "updates" | "alarms"
> & {
  readonly operations: Map<string, Operation>;
  readonly signals: Map<string, number[]>;
  readonly signalIds: Set<string>;
  readonly updates: Map<string, UpdateState>;
  readonly alarms: Map<string, number>;
};

/** The one cast from the readonly view to the owned one. */
export function own(state: RunState): Owned {
  return state as unknown as Owned;
}
