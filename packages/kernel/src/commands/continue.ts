/** Continue as new: a fresh journal under the same business key. */
import type { RunSpec } from "../events/run-events.ts";
import { derivedRunId, runOfStream, runStream, slotOfRun } from "../ids.ts";
import { closeRun } from "../machines/run/close.ts";
import { specOf, type RunTurn } from "../machines/run/turn.ts";
import type { CommandOf } from "./command.ts";

/** All who wait for the outcome wait on; the new run inherits search attributes. */
export function continueRun(turn: RunTurn, command: CommandOf<"run.continue">): void {
  const { startAt: _, requestId: __, ...old } = specOf(turn.state);
  const { state } = turn;
  const runId = derivedRunId(turn.at, slotOfRun(old.runId), `${old.runId}/continue`);
  const spec: RunSpec = {
    ...old,
    runId,
    input: command.input,
    workflow: command.workflow ?? old.workflow,
    continuedFrom: old.runId,
    firstRunId: old.firstRunId ?? old.runId,
    attributes: state.attributes,
    ...(command.version === undefined ? {} : { version: command.version }),
  };
  const attached = state.listeners.slice((old.parent ? 1 : 0) + (old.notify ? 1 : 0));
  closeRun(turn, { kind: "run.continued", runId });
  turn.effect({ type: "send", to: runStream(runId), message: { type: "run.start", spec } });
  for (const { stream, key } of attached) {
    const listener = { runId: runOfStream(stream), key };
    turn.effect({
      type: "send",
      to: runStream(runId),
      message: { type: "run.attach", listener, namespace: spec.namespace },
    });
  }
}
