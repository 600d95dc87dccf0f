/**
 * The run's state as `evolve` sees it: its own, and open to writing. A map that is empty may be the
 * one that all runs share (`none`), so entries come and go by `mapOf` and `remove` alone.
 */
import { none, type Operation, type RunState, type UpdateState } from "./state.ts";

export type Owned = { -readonly [K in keyof RunState]: RunState[K] };

interface Maps {
  operations: Map<string, Operation>;
  signals: Map<string, number[]>;
  updates: Map<string, UpdateState>;
  alarms: Map<string, number>;
}

/** The one cast from the readonly view to the owned one. */
export function own(state: RunState): Owned {
  return state;
}

/** The run's own map, to write to. */
export function mapOf<F extends keyof Maps>(run: Owned, field: F): Maps[F] {
  const maps = run as unknown as Maps;
  if (run[field] === none.map) maps[field] = new Map() as Maps[F];
  return maps[field];
}

export function remove(run: Owned, field: keyof Maps, key: string): void {
  if (run[field].has(key)) mapOf(run, field).delete(key);
}
