/**
 * `why`: what a run waits for, since when, who has it, what failed, when something happens by
 * itself, and what a person can do. Pure, and shared by command line, API and console.
 */
import { rowOf, statusOf } from "../machines/run/row.ts";
import type { Operation, RunState, StepOperation, WaitOperation } from "../machines/run/state.ts";
import { wantsActivation } from "../machines/run/work.ts";
import { invariant } from "../errors.ts";
import type { Explanation, Surroundings, Waiting } from "./explanation.ts";
import { duration } from "./duration.ts";
import { explainStep } from "./steps.ts";

export function explain(state: RunState, world: Surroundings, now: number): Explanation {
  const { spec } = state;
  invariant(spec, "there is nothing to explain about a run that does not exist");
  const { runId } = spec;
  const waiting = state.outcome
    ? []
    : waitingOf(state, world, now).map((one) => ({
        ...one,
        // A command that can be pasted.
        cures: one.cures.map((cure) => cure.replaceAll("<run>", runId)),
      }));
  return {
    runId,
    status: statusOf(state),
    summary: summary(state, waiting, now),
    waiting,
  };
}

function waitingOf(state: RunState, world: Surroundings, now: number): Waiting[] {
  const waiting: Waiting[] = [];
  if (state.paused) waiting.push(forPerson(state));
  if (!state.begun) waiting.push(forStart(state, now));
  if (state.activationRetryAt !== undefined) waiting.push(forRetry(state));
  else if (wantsActivation(state)) waiting.push(forWorker(state, world, now));
  for (const operation of state.operations.values()) {
    waiting.push(explainOperation(operation, world, now));
  }
  return waiting.length > 0 ? waiting : [forMessage(state)];
}

/** Code may wait on a condition of its own, which only a handler can make true. */
function forMessage(state: RunState): Waiting {
  const id = state.spec?.runId ?? "";
  return {
    on: "signal",
    text: "its code waits on no operation; only a signal, an update or a cancel makes it go on",
    since: state.at,
    cures: [
      `perdure runs signal ${id} <name> <json>`,
      "if its code awaits something that is not a ctx call, make that a step",
    ],
  };
}

function forPerson(state: RunState): Waiting {
  const { spec, paused } = state;
  const id = spec?.runId ?? "";
  const cures = {
    operator: [`perdure runs resume ${id}`],
    nondeterminism: [
      "deploy code that agrees with the journal, or guard the change with ctx.patched",
      `then: perdure runs resume ${id}`,
    ],
    exhausted: ["cure what made the step fail", `then: perdure runs resume ${id}`],
    code: ["deploy code that can run this workflow", `then: perdure runs resume ${id}`],
  } as const;
  return {
    on: "person",
    text: `paused (${paused?.reason ?? "operator"}): ${paused?.message ?? ""}`,
    since: paused?.since ?? state.at,
    ...(paused?.key === undefined ? {} : { key: paused.key }),
    ...(state.activationFailure === undefined ? {} : { lastFailure: state.activationFailure }),
    cures: cures[paused?.reason ?? "operator"],
  };
}

function forStart(state: RunState, now: number): Waiting {
  const at = state.spec?.startAt ?? now;
  return {
    on: "start",
    text: `its start is delayed for another ${duration(at - now)}`,
    since: state.startedAt,
    until: at,
    cures: [`perdure runs cancel ${state.spec?.runId ?? ""}`],
  };
}

function forRetry(state: RunState): Waiting {
  return {
    on: "retry",
    text: `its code could not be run (attempt ${state.activationFailures}); it is tried again`,
    since: state.wokenAt,
    ...(state.activationRetryAt === undefined ? {} : { until: state.activationRetryAt }),
    attempt: state.activationFailures,
    ...(state.activationFailure === undefined ? {} : { lastFailure: state.activationFailure }),
    cures: ["read the failure; deploy code that can run this workflow"],
  };
}

function forWorker(state: RunState, world: Surroundings, now: number): Waiting {
  const { queue = "", workflow = "" } = state.spec ?? {};
  const since = state.wokenAt;
  if (world.holder !== undefined) {
    return {
      on: "worker",
      text: `its code is running on ${world.holder} since ${duration(now - since)}`,
      since,
      holder: world.holder,
      cures: ["wait, or look at that worker if this takes longer than its steps should"],
    };
  }
  const serves = world.serves(queue, workflow, "workflow");
  const texts = {
    yes: `every worker of queue "${queue}" is busy`,
    "unknown-name": `no worker of queue "${queue}" has code for the workflow "${workflow}"`,
    nobody: `no worker serves the queue "${queue}"`,
  } as const;
  const cures = {
    yes: ["add workers or raise their slots"],
    "unknown-name": [`start a worker that registers the workflow "${workflow}"`],
    nobody: [`start a worker for the queue "${queue}"`],
  } as const;
  return { on: "worker", text: texts[serves], since, cures: cures[serves] };
}

function explainOperation(operation: Operation, world: Surroundings, now: number): Waiting {
  const { key, since } = operation;
  switch (operation.type) {
    case "step":
      return explainStep(operation satisfies StepOperation, world, now);
    case "timer":
      return {
        on: "timer",
        key,
        text: `sleeps for another ${duration(operation.fireAt - now)}`,
        since,
        until: operation.fireAt,
        cures: ["nothing is wrong; fork the run before the timer to skip it"],
      };
    case "wait":
      return explainWait(operation, now);
    case "call": {
      const { target, runId, started } = operation;
      const queued = `waits for its turn under the key "${target.key?.id ?? ""}"`;
      return {
        on: started ? "child" : "key",
        key,
        text: started
          ? `waits for the child ${target.workflow} (${runId})`
          : `its call to ${target.workflow} ${queued}`,
        since,
        holder: runId,
        cures: started
          ? [`perdure why ${runId}`]
          : [`look at the run that holds the key: perdure runs list --key ${target.key?.id ?? ""}`],
      };
    }
  }
}

function explainWait({ key, since, on, deadline }: WaitOperation, now: number): Waiting {
  const until = deadline === undefined ? {} : { until: deadline };
  const limit =
    deadline === undefined ? "without a timeout" : `for another ${duration(deadline - now)}`;
  const cure = {
    signal: `perdure runs signal <run> ${on.name} <json>`,
    promise: `resolve the promise <run>/${on.name}`,
    event: `perdure events publish ${on.name} <json>`,
  }[on.type];
  return {
    on: on.type,
    key,
    text: `waits for the ${on.type} "${on.name}", ${limit}`,
    since,
    ...until,
    cures: [cure],
  };
}

function summary(state: RunState, waiting: readonly Waiting[], now: number): string {
  if (state.outcome) {
    const row = rowOf(state);
    return `closed: ${state.outcome.status}, after ${duration((row?.closedAt ?? now) - state.startedAt)}`;
  }
  const first = waiting[0];
  if (!first) return "its code is about to go on";
  const more = waiting.length > 1 ? ` (and ${waiting.length - 1} more)` : "";
  return `${first.text}${more}, since ${duration(now - first.since)}`;
}
