/** What the journals of a scenario give away. */
import type { RunEvent, RunEventOf } from "@perdure/kernel";
import { undoneBy } from "./executions.ts";
import type { Play, RunRecord } from "./scenario.ts";

interface Step {
  readonly workflow: string;
  readonly key: string;
}

/** The first step whose result is another one than in the undisturbed run. */
export function placeOfChange(baseline: Play, play: Play): Step | undefined {
  for (const [index, { spec, events }] of play.runs.entries()) {
    const known = new Map(completed(baseline.runs[index]).map((event) => [event.key, event]));
    for (const event of events) {
      if (event.kind !== "step.completed") continue;
      const was = known.get(event.key);
      if (was && Buffer.compare(was.output.data, event.output.data) !== 0) {
        return { workflow: spec.workflow, key: event.key };
      }
    }
  }
  return undefined;
}

/** Steps that had acted when the run failed or was cancelled, with a key and without an undo. */
export function leftBehind(play: Play): readonly Step[] {
  const [main] = play.runs;
  const status = main?.state.outcome?.status;
  if (!main || (status !== "failed" && status !== "cancelled")) return [];
  const { workflow } = main.spec;
  const end = main.events.find((event) => goesWrong(event, play.scenario.fail))?.seq ?? Infinity;
  const has = new Set(play.undoable.map((one) => `${one.workflow}\n${one.key}`));
  return completed(main)
    .filter(({ seq, key }) => seq < end && undoneBy(key) === undefined)
    .filter(({ key }) => !has.has(`${workflow}\n${key}`))
    .filter(({ key }) => play.executions.some((one) => one.key === key && one.isKeyed))
    .map(({ key }) => ({ workflow, key }));
}

/** Here it goes wrong: what is done later is done about it. */
function goesWrong(event: RunEvent, failing: string | undefined): boolean {
  if (event.kind === "run.cancelRequested") return true;
  if (event.kind !== "step.abandoned" && event.kind !== "step.failed") return false;
  return failing?.slice(failing.indexOf("/") + 1) === event.key;
}

function completed(run: RunRecord | undefined): readonly RunEventOf<"step.completed">[] {
  return (run?.events ?? []).filter((event) => event.kind === "step.completed");
}
