/** `ctx.run` and `ctx.sleep`. */
import { limits, noRetry, type Command } from "@perdure/kernel";
import type { MessageOf } from "../messages/messages.ts";
import { keyFor, markersBelow, nextOrdinal, open, settled } from "./asking.ts";
import { violation } from "./refusals.ts";
import type { JournalState } from "./state.ts";

/** Nothing is written before there is an outcome, or something later that is. */
export function runBegun(message: MessageOf<"run">, state: JournalState): readonly Command[] {
  const { completionId: id, name } = message;
  keyFor("began", [id], name);
  open(state, id, "run");
  state.ordinal += 1;
  const { lostAt = 0 } = state.context;
  const maybeRan = lostAt > 0 && state.seq <= lostAt;
  const { ordinal } = state;
  state.runs.set(id, { ordinal, name, maybeRan, isMarked: false, isProposed: false });
  return [];
}

export function proposed(
  message: MessageOf<"proposeRunCompletion">,
  state: JournalState,
): readonly Command[] {
  const { completionId: id, result, requestedAck } = message;
  const run = state.runs.get(id);
  if (run === undefined || run.isProposed) {
    const why = run === undefined ? "no run is open under it" : "it was proposed before";
    throw violation(`the endpoint proposes a result for the completion id ${id}, but ${why}`);
  }
  const outcome = settled("the result of a run", result);
  run.isProposed = true;
  if (requestedAck) state.acks.add(id);
  // The marker has taken the run's own place.
  if (run.isMarked) state.ordinal += 1;
  const ordinal = run.isMarked ? state.ordinal : run.ordinal;
  const step = {
    key: keyFor("run", [id], run.name),
    ordinal,
    name: run.name.slice(0, limits.nameChars) || "run",
    attempt: 1,
    ...(run.maybeRan ? { maybeRan: true } : {}),
  };
  const end: Command =
    "payload" in outcome
      ? { type: "step.complete", ...step, output: outcome.payload }
      : { type: "step.fail", ...step, failure: outcome.failure, retry: noRetry };
  return [...markersBelow(state, ordinal), end];
}

export function sleepCommands(
  message: MessageOf<"sleep">,
  state: JournalState,
): readonly Command[] {
  const { completionId: id, name, wakeUpAt } = message;
  const key = keyFor("sleep", [id], name);
  open(state, id, "sleep");
  const { ordinal, markers } = nextOrdinal(state);
  const named = name === "" ? {} : { name: name.slice(0, limits.nameChars) };
  return [...markers, { type: "timer.start", key, ordinal, fireAt: wakeUpAt, ...named }];
}
