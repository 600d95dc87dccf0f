import type { RunHandle } from "perdure";
import type { Prepared } from "../contender.ts";
import type { WorkloadOf } from "../workload.ts";
import { long } from "./definitions.ts";
import { expect, figures, type Load } from "./load.ts";

const edgeSteps = 1_000;

/** (i) The run is held in a step between the phases, so that each is measured by itself. */
export function longRun({ perdure, probe }: Load, { steps }: WorkloadOf<"long-run">): Prepared {
  const edge = Math.min(edgeSteps, Math.floor(steps / 100));
  let run: RunHandle<number> | undefined;
  const phases: Record<string, () => Promise<number>> = {
    async first() {
      const held = probe.goTo(edge);
      run = await perdure.start(long, { input: steps });
      await held;
      return edge;
    },
    async middle() {
      await probe.goTo(steps - edge);
      return steps - 2 * edge;
    },
    async last() {
      await probe.letGo();
      expect(await run?.result(), steps);
      return edge;
    },
  };
  return {
    async run(phase) {
      const begin = performance.now();
      const done = await phases[phase]?.();
      if (done === undefined) throw new Error(`the long run has no phase "${phase}"`);
      return figures(done, performance.now() - begin, await probe.take());
    },
  };
}
