/** Timers, and waits for what comes from outside. */
import type { WaitFor } from "../events/waits.ts";
import { nameOfWait } from "../events/waits.ts";
import type { RunState, TimerOperation, WaitOperation } from "../machines/run/state.ts";
import { duration } from "./duration.ts";
import type { Cure, Waiting } from "./explanation.ts";
import { cure } from "./shell.ts";

export function explainTimer({ key, since, fireAt }: TimerOperation, now: number): Waiting {
  return {
    on: "timer",
    key,
    text: `sleeps for another ${duration(fireAt - now)}`,
    since,
    until: fireAt,
    cures: [cure("nothing is wrong; a fork from before the timer would skip it")],
  };
}

export function explainWait(wait: WaitOperation, state: RunState, now: number): Waiting {
  const { key, since, on, deadline } = wait;
  const limit =
    deadline === undefined
      ? "without a timeout"
      : `for at most another ${duration(deadline - now)}`;
  return {
    on: on.type === "keyPromise" ? "promise" : on.type,
    key,
    text: `waits for ${whatOf(on)}, ${limit}${untaken(wait, state)}`,
    since,
    ...(deadline === undefined ? {} : { until: deadline }),
    cures: curesOf(wait, state.spec?.runId ?? ""),
  };
}

/** A signal that the holder says the code waits for. */
export function explainKept(
  kept: Required<Pick<Waiting, "since" | "holder">> & {
    readonly runId: string;
    readonly name: string;
  },
): Waiting {
  const { runId, name, since, holder } = kept;
  return {
    on: "signal",
    text: `waits for the signal "${name}", and is kept by the worker ${holder}`,
    since,
    holder,
    cures: [cure("sends it; append its payload as JSON", "runs signal", runId, name)],
  };
}

function whatOf(on: WaitFor): string {
  switch (on.type) {
    case "run":
      return `the end of ${on.runId === undefined ? "the run under" : "run"} ${nameOfWait(on)}`;
    case "keyPromise":
      return `the promise "${on.name}" of its key`;
    default:
      return `the ${on.type} "${on.name}"`;
  }
}

function curesOf({ on }: WaitOperation, runId: string): readonly Cure[] {
  switch (on.type) {
    case "signal":
      return [cure("sends it; append its payload as JSON", "runs signal", runId, on.name)];
    case "promise": {
      const id = `${runId}/${on.name}`;
      return [
        cure("keeps the promise; append its value as JSON", "runs resolve", id),
        cure("breaks it: the code sees this failure", "runs reject", id, "given up"),
      ];
    }
    case "keyPromise":
      return [cure("another run under the same key has to settle it")];
    case "run":
      if (on.runId === undefined) return [cure("look at the run under that key")];
      return [cure("says what that run waits for", "why", on.runId)];
    case "event": {
      const text =
        on.match === undefined
          ? "publishes it; append its payload as JSON"
          : `publishes it; append a payload that has ${JSON.stringify(on.match)}`;
      return [cure(text, "events publish", on.name)];
    }
  }
}

/** Signals that came under other names: one of them may be the one that is missed. */
function untaken({ on }: WaitOperation, { signals }: RunState): string {
  if (on.type !== "signal" || signals.size === 0) return "";
  const names = [...signals.keys()].slice(0, 3).map((name) => `"${name}"`);
  return ` (nobody has taken ${names.join(", ")}, which came)`;
}
