import type { Prepared } from "../contender.ts";
import { machineMs } from "../clock.ts";
import { keepBusy } from "../lanes.ts";
import type { WorkloadOf } from "../workload.ts";
import { waiter } from "./definitions.ts";
import { expect, figuresOf, type Load } from "./load.ts";

/** (e) A run is sent its signal when its code has said that it waits. */
export function signals({ perdure, probe }: Load, { inFlight }: WorkloadOf<"signals">): Prepared {
  // The code may wait before its starter has been answered, and the other way round.
  const early = new Set<string>();
  const listeners = new Map<string, () => void>();
  probe.onWaiting((runId) => {
    const listener = listeners.get(runId);
    if (listener === undefined) early.add(runId);
    else listener();
  });
  const waits = async (runId: string): Promise<void> => {
    if (early.delete(runId)) return;
    await new Promise<void>((resolve) => void listeners.set(runId, resolve));
    listeners.delete(runId);
  };
  return {
    async run(_, budget) {
      await probe.take();
      const lanes = await keepBusy(inFlight, budget, async () => {
        const run = await perdure.start(waiter);
        await waits(run.runId);
        await run.signal("go", machineMs());
        expect(await run.result(), 1);
      });
      return figuresOf(lanes, 1, await probe.take());
    },
  };
}
