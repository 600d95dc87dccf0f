/** Why a run does not go on. */
import { rowOf, statusOf } from "../machines/run/row.ts";
import type { Operation, RunState } from "../machines/run/state.ts";
import { wantsActivation } from "../machines/run/work.ts";
import { invariant } from "../errors.ts";
import type { RunSpec } from "../events/run-events.ts";
import type { RunId } from "../ids.ts";
import { limits } from "../limits.ts";
import { explainActivation, explainCodeRetry, explainIdle, explainStart } from "./activation.ts";
import { explainCall } from "./calls.ts";
import { duration, sinceThen } from "./duration.ts";
import type { Explanation, Waiting, WaitsOn } from "./explanation.ts";
import { explainPause } from "./paused.ts";
import { explainStep } from "./steps.ts";
import { withStore } from "./store.ts";
import { further, type Telling } from "./telling.ts";
import { explainKept, explainTimer, explainWait } from "./waits.ts";

/** `telling.path` ends with the run. */
export function explainRun(state: RunState, telling: Telling): Explanation {
  const { spec, outcome } = state;
  invariant(spec, "there is nothing to explain about a run that does not exist");
  const { runId, workflow, namespace } = spec;
  const sorted = outcome ? [] : byUrgency(waitingOf(state, spec, telling));
  // Once, for the one that was asked about.
  const isFirst = telling.path.length === 1 && !outcome;
  const all = isFirst ? withStore(sorted, telling) : sorted;
  const waiting = all.slice(0, limits.whyWaiting);
  const more = all.length - waiting.length;
  return {
    subject: { type: "run", runId, workflow },
    namespace,
    runId,
    status: statusOf(state),
    summary: outcome ? ended(state, telling.now) : summaryOf(waiting, telling.now),
    waiting,
    ...(more > 0 ? { more } : {}),
    cures: waiting[0]?.cures ?? [],
  };
}

/** A run that another one waits for, as far as it was looked at. */
export function follow(runId: RunId, telling: Telling): Explanation | undefined {
  const facts = telling.world.run?.(runId);
  if (facts?.state.spec === undefined) return undefined;
  const deeper = further(telling, runId);
  return deeper && explainRun(facts.state, deeper);
}

function waitingOf(state: RunState, spec: RunSpec, telling: Telling): Waiting[] {
  const { now } = telling;
  const waiting: Waiting[] = [];
  if (state.paused) waiting.push(explainPause(state));
  if (!state.begun) waiting.push(explainStart(state, now));
  if (state.activationRetryAt !== undefined) waiting.push(explainCodeRetry(state, now));
  else if (wantsActivation(state)) waiting.push(...explainCode(state, spec, telling));
  for (const operation of state.operations.values()) {
    // A paused run's exhausted step is what it is paused for.
    if (state.paused?.key === operation.key) continue;
    waiting.push(explainOperation(operation, state, spec.runId, telling));
  }
  return waiting.length > 0 ? waiting : [explainIdle(state)];
}

/** Code that its holder keeps while it waits is explained by what it waits for, where that is known. */
function explainCode(state: RunState, spec: RunSpec, telling: Telling): readonly Waiting[] {
  const { awaits, holder } = telling.world.run?.(spec.runId) ?? {};
  if (awaits === undefined || holder === undefined) {
    return [explainActivation(state, spec, telling)];
  }
  const { signals, since } = awaits;
  if (signals.length + state.operations.size === 0) {
    return [explainActivation(state, spec, telling)];
  }
  return signals.map((name) => explainKept({ runId: spec.runId, name, since, holder }));
}

function explainOperation(
  operation: Operation,
  state: RunState,
  runId: RunId,
  telling: Telling,
): Waiting {
  switch (operation.type) {
    case "step":
      return explainStep(operation, runId, telling);
    case "timer":
      return explainTimer(operation, telling.now);
    case "wait":
      return explainWait(operation, state, telling.now);
    case "call":
      return explainCall(operation, telling, (other) => follow(other, telling));
  }
}

/** Who waits at the end of the chain decides. */
const urgency: Readonly<Record<WaitsOn, number>> = {
  store: 0,
  deadlock: 1,
  person: 2,
  worker: 3,
  retry: 4,
  key: 5,
  child: 5,
  promise: 6,
  run: 5,
  signal: 6,
  event: 6,
  update: 6,
  step: 7,
  start: 8,
  timer: 9,
};

function byUrgency(waiting: readonly Waiting[]): readonly Waiting[] {
  const ranked = waiting.map((one) => ({ one, rank: urgency[rootOf(one).on] }));
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ one }) => one);
}

/** The end of the chain: what has to happen first. */
export function rootOf(waiting: Waiting): Waiting {
  const next = waiting.next?.waiting[0];
  return next === undefined || waiting.circle !== undefined ? waiting : rootOf(next);
}

/** `waits for the child x, which waits for the signal "y", since 3 d`. */
export function summaryOf(waiting: readonly Waiting[], now: number): string {
  const [first] = waiting;
  if (first === undefined) return "is about to go on";
  const more = waiting.length > 1 ? ` (and ${waiting.length - 1} more)` : "";
  const alarm = first.on === "deadlock" ? "is in a deadlock: it " : "";
  return `${alarm}${chainOf(first)}${more}, ${sinceThen(now - rootOf(first).since)}`;
}

export function chainOf(waiting: Waiting): string {
  const { next, text } = waiting;
  if (next === undefined) return text;
  const [first] = next.waiting;
  return `${text}, which ${first === undefined ? next.summary : chainOf(first)}`;
}

function ended(state: RunState, now: number): string {
  const end = rowOf(state)?.closedAt ?? now;
  return `is closed: ${state.outcome?.status ?? ""}, after ${duration(end - state.startedAt)}`;
}
