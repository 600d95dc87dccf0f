/** The code of a run: it waits for its time, for a worker, for another try, or it is running. */
import type { RunSpec } from "../events/run-events.ts";
import type { RunState } from "../machines/run/state.ts";
import { duration } from "./duration.ts";
import type { Waiting } from "./explanation.ts";
import { cure } from "./shell.ts";
import { firstLine } from "./steps.ts";
import type { Telling } from "./telling.ts";
import { noWorker } from "./worker.ts";

export function explainStart(state: RunState, now: number): Waiting {
  const at = state.spec?.startAt ?? now;
  return {
    on: "start",
    text: `is to start in ${duration(at - now)}`,
    since: state.startedAt,
    until: at,
    cures: [cure("takes the start back", "runs cancel", state.spec?.runId ?? "")],
  };
}

export function explainCodeRetry(state: RunState, now: number): Waiting {
  const { activationFailures: attempt, activationFailure: failure, activationRetryAt } = state;
  const what = failure ? ` (${failure.code}: ${firstLine(failure.message)})` : "";
  const at = activationRetryAt ?? now;
  return {
    on: "retry",
    text: `has code that could not be run, ${attempt} time${attempt === 1 ? "" : "s"}${what}; it is tried again in ${duration(at - now)}`,
    since: state.wokenAt,
    until: at,
    attempt,
    ...(failure === undefined ? {} : { lastFailure: failure }),
    cures: [cure("deploy code that can run this workflow; it goes on by itself")],
  };
}

export function explainActivation(
  state: RunState,
  { runId, queue, workflow }: RunSpec,
  { world, now }: Telling,
): Waiting {
  const { wokenAt: since, version } = state;
  const { holder, doing, lost } = world.run?.(runId) ?? {};
  if (holder !== undefined) {
    return {
      on: doing === undefined ? "worker" : "step",
      text:
        doing === undefined
          ? `has its code running on the worker ${holder}`
          : `has its code in the step "${doing.key}" on the worker ${holder}`,
      since: doing?.since ?? since,
      holder,
      ...(doing === undefined ? {} : { key: doing.key }),
      cures: [
        cure(
          doing === undefined
            ? "wait; if it takes longer than its steps should, something blocks that worker's event loop: look at it"
            : "wait; if it takes too long, look at that worker, and give the step a timeout",
        ),
        cure("lets the code be given to nobody any more", "runs pause", runId),
      ],
    };
  }
  const { text, cures } = noWorker(world, {
    kind: "workflow",
    name: workflow,
    queue,
    runId,
    ...(version === undefined ? {} : { version }),
  });
  const before =
    lost === undefined
      ? ""
      : ` (the worker ${lost.worker}, which ran it, was lost ${duration(now - lost.at)} ago)`;
  return {
    on: "worker",
    text: `waits for a worker to run its code${before}: ${text}`,
    since,
    cures,
  };
}

/** Code may wait on a condition of its own, which only a handler can make true. */
export function explainIdle(state: RunState): Waiting {
  const runId = state.spec?.runId ?? "";
  const open = [...state.updates.values()].some(({ status }) => status === "open");
  return {
    on: open ? "update" : "signal",
    text: open
      ? "waits in the handler of an update, on no operation"
      : "waits on no operation: only a signal, an update or a cancel makes it go on",
    since: state.at,
    cures: [
      cure("if its code awaits something that is not a ctx call, make that a step"),
      cure("asks it to stop", "runs cancel", runId),
    ],
  };
}
