/** `wake`: delayed starts whose time has come, and closed runs whose retention is over. */
import { limits } from "../../../limits.ts";
import type { KeyTurn } from "../state.ts";
import { openRun } from "../state.ts";
import { launchWaiting, withoutDelay } from "./launch.ts";

/** Moves a bounded number; `wakeAt` stays due until the last has moved. */
export function wake(turn: KeyTurn): void {
  for (let moved = 0; moved < limits.keyDelayedPerWake && moveDelayed(turn); moved++);
  if (hasExpired(turn)) turn.emit({ kind: "key.forgotten" });
}

function moveDelayed(turn: KeyTurn): boolean {
  const { state, at } = turn;
  const first = state.delayed[0];
  if (first === undefined || (first.spec.startAt ?? 0) > at) return false;
  if (openRun(state) === undefined) {
    launchWaiting(turn, first);
  } else {
    const { listeners: _, ...pending } = first;
    turn.emit({ kind: "key.queued", pending: { ...pending, spec: withoutDelay(pending.spec) } });
  }
  return true;
}

function hasExpired({ state, at }: KeyTurn): boolean {
  if ((state.current?.forgetAt ?? Infinity) <= at) return true;
  for (const { forgetAt } of state.requests.values()) {
    if (forgetAt !== undefined && forgetAt <= at) return true;
  }
  return false;
}
