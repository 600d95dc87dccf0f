/** What a store keeps beside the events of a stream at rest: what its state says without being read. */
import { limits, machineOf, running, work, type Position, type RunState } from "@perdure/kernel";
import { encodeSnapshot, type Settled } from "@perdure/store";
import type { Live } from "./live.ts";

export function settledOf({
  stream,
  machine,
  state,
}: Pick<Live, "stream" | "machine" | "state">): Settled {
  const alarm = machine.wakeAt(state);
  const isRun = machineOf(stream) === "run";
  const isLong = !isRun || state.seq > limits.snapshotEvents;
  return {
    stream,
    hasWork: isRun && hasWork(state),
    ...(alarm === undefined ? {} : { alarm }),
    ...(isLong ? { snapshot: { seq: state.seq, data: encodeSnapshot(state) } } : {}),
  };
}

function hasWork(state: Position): boolean {
  const run = state as RunState;
  if (run.outcome !== undefined) return false;
  const { activation, tasks } = work(run);
  return activation || tasks.length > 0 || running(run).length > 0;
}
