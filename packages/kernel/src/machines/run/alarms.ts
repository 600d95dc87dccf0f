/**
 * A run's deadlines. A machine has one alarm, the soonest moment its state wants to be looked at;
 * this keeps that moment at hand. The scan on removing the soonest costs time only where many
 * deadlines are open at once.
 */
import { mapOf, remove, type Owned } from "./owned.ts";

export function setAlarm(run: Owned, key: string, at: number | undefined): void {
  const before = run.alarms.get(key);
  if (before === at) return;
  if (at === undefined) remove(run, "alarms", key);
  else mapOf(run, "alarms").set(key, at);
  if (before !== undefined && before === run.soonest) run.soonest = scan(run.alarms);
  else if (at !== undefined && (run.soonest === undefined || at < run.soonest)) run.soonest = at;
}

function scan(alarms: ReadonlyMap<string, number>): number | undefined {
  let soonest: number | undefined;
  for (const at of alarms.values()) if (soonest === undefined || at < soonest) soonest = at;
  return soonest;
}
