/** Whom else `why` has to look at: those that a run or a key waits for. */
import type { KeyRef, RunId } from "../ids.ts";
import { openRun, type KeyState } from "../machines/key/state.ts";
import type { RunState } from "../machines/run/state.ts";

export type Lead = { readonly runId: RunId } | { readonly key: KeyRef };

export function leadsOfRun(state: RunState): readonly Lead[] {
  const leads: Lead[] = [];
  for (const operation of state.operations.values()) {
    if (operation.type !== "call") continue;
    const { started, runId, target } = operation;
    if (started) leads.push({ runId });
    else if (target.key) leads.push({ key: target.key });
  }
  return leads;
}

export function leadsOfKey(state: KeyState): readonly Lead[] {
  const runId = openRun(state);
  return runId === undefined ? [] : [{ runId }];
}
